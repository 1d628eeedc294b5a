import type { Catalogue, NodeSpec } from '../../nodes/kit/index.ts';
import type { HostLibrary, HostNode } from './host.ts';
import { type NodeParts, nodeClass } from './node-class.ts';

/** Our node types in a host's registry. */
export interface NodeTypes {
  readonly catalogue: Catalogue;
  /** What is known of a node; undefined for nodes that are not ours. */
  specOf(node: Pick<HostNode, 'type'>): NodeSpec | undefined;
  /** The name in the registry of a bare type. */
  registered(type: string): string;
  /** The bare type of a name in the registry; undefined if it is not ours. */
  bare(registered: string): string | undefined;
  /** Takes new types and new lists of choices; types that are gone are unregistered. */
  update(catalogue: Catalogue): void;
  /** Leaves the registry as it was found. */
  dispose(): void;
}

/** Registers a class for each node of a catalogue as `prefix/Type`. */
export function registerNodeTypes(host: HostLibrary, prefix: string, parts: NodeParts = {}): NodeTypes {
  let catalogue: Catalogue = new Map();
  const before = new Map<string, NodeSpec>();
  const restoreNames = new Map<string, () => void>();
  const registered = (type: string): string => `${prefix}/${type}`;
  const bare = (name: string): string | undefined => (name?.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : undefined);
  const remove = (type: string): void => {
    before.delete(type);
    if (host.registered_node_types[registered(type)] !== undefined) host.unregisterNodeType(registered(type));
  };
  const put = (type: string, spec: NodeSpec): void => {
    const known = before.has(type);
    before.set(type, spec);
    if (known) return;
    const made = nodeClass(host, () => before.get(type) ?? spec, parts);
    if (!restoreNames.has(made.name)) restoreNames.set(made.name, holdName(host, made.name));
    host.registerNodeType(registered(type), made);
  };
  return {
    get catalogue() {
      return catalogue;
    },
    specOf(node) {
      const type = bare(node.type);
      return type === undefined ? undefined : catalogue.get(type);
    },
    registered,
    bare,
    update(next) {
      catalogue = next;
      for (const type of [...before.keys()]) if (!next.has(type)) remove(type);
      for (const [type, spec] of next) put(type, spec);
    },
    dispose() {
      for (const type of [...before.keys()]) remove(type);
      catalogue = new Map();
      for (const restore of restoreNames.values()) restore();
    },
  };
}

/** litegraph also keeps classes by their JavaScript name and never lets them go. Gives back how to put a name as it was. */
function holdName({ Nodes }: HostLibrary, name: string): () => void {
  if (Nodes === undefined) return () => undefined;
  const held = Object.hasOwn(Nodes, name) ? { value: Nodes[name] } : undefined;
  return () => {
    if (held === undefined) delete Nodes[name];
    else Nodes[name] = held.value;
  };
}
