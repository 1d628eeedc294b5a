import type { NodeSpec, PortSpec } from '../../nodes/kit/index.ts';
import { controlProperty, type PropertyValue } from '../../workflows/index.ts';
import { toProperty } from '../../workflows/values.ts';
import { closesCircle, type HostLibrary, type HostNode, type HostNodeClass, type Pair } from './host.ts';
import { safeText } from './safe-text.ts';

/** What a host adds to the nodes of a type. */
export interface NodeParts {
  /** Called at the end of the constructor: widgets, drawing hooks. */
  readonly furnish?: (node: HostNode, spec: NodeSpec) => void;
  /** In graph units: the height that is kept free below the widgets, and the width that a new node has at least. */
  readonly room?: (spec: NodeSpec) => { readonly height: number; readonly width: number };
  /** Colours of header and body; the host's own where there are none. */
  readonly colours?: (spec: NodeSpec) => { readonly header: string; readonly body: string };
}

/** litegraph compares names of types only; what fits besides is said by a list. */
export function slotType(port: Pick<PortSpec, 'type'>): string {
  const also: Readonly<Record<string, string>> = { FLOAT: 'FLOAT,INT', STRING: 'STRING,COMBO', COMBO: 'COMBO,STRING' };
  return also[port.type] ?? port.type;
}

/** The values of a new node by name, as they stand in `node.properties`. */
export function defaultProperties(spec: NodeSpec): Record<string, PropertyValue> {
  const properties: Record<string, PropertyValue> = {};
  for (const port of spec.inputs) {
    if (port.widget === undefined) continue;
    const [first] = port.widget.kind === 'choice' ? port.widget.options : [];
    const value = port.default ?? first;
    if (value !== undefined) properties[port.name] = toProperty(value);
    if (port.widget.kind === 'seed') properties[controlProperty] = 'randomize';
  }
  return properties;
}

/** What litegraph is told of a slot; its menus take labels for HTML. */
export const labelled = (port: PortSpec): { readonly label: string } => ({ label: safeText(port.label ?? port.name) });

/** The litegraph class of a node type, made of the host's own base class; `spec` is asked for anew, for lists of choices change. */
export function nodeClass(host: HostLibrary, spec: () => NodeSpec, parts: NodeParts = {}): HostNodeClass {
  return class DiffusionNode extends host.LGraphNode {
    static readonly title = safeText(spec().title);
    static readonly desc = safeText(spec().help);
    static readonly color = parts.colours?.(spec()).header;
    static readonly bgcolor = parts.colours?.(spec()).body;

    constructor(title?: string) {
      super(title ?? spec().title);
      const current = spec();
      // A typed array there would be written as an object to files.
      if (Object.hasOwn(this, 'pos')) this._pos = [0, 0];
      this.properties = defaultProperties(current);
      for (const port of current.inputs) if (port.widget === undefined) this.addInput(port.name, slotType(port), labelled(port));
      for (const port of current.outputs) this.addOutput(port.name, port.type, labelled(port));
      parts.furnish?.(this, current);
      const least = this.computeSize();
      this.setSize([Math.max(least[0], parts.room?.(current).width ?? 0), least[1]]);
    }

    override computeSize(out?: Pair): Pair {
      const size = super.computeSize(out);
      return [size[0], size[1] + (parts.room?.(spec()).height ?? 0)];
    }

    override onConnectInput(_slot: number, _type: unknown, _output: unknown, origin: HostNode): boolean {
      return !closesCircle(origin, this);
    }
  };
}
