import type { NodeSpec, PortSpec } from '../../nodes/kit/index.ts';
import { controlProperty, estimateSize, showsPicture } from '../../workflows/index.ts';
import { themeOf } from '../canvas/theme.ts';
import type { HostCanvas, HostNode } from './host.ts';
import { defaultProperties, labelled, type NodeParts, slotType } from './node-class.ts';
import { takeValue } from './property-values.ts';
import { addWidgets, mendValues, syncWidgets } from './widgets.ts';

/** What nodes in a host need of the plugin. */
export interface NodeWorld {
  /** The present form of a type, with its lists of choices. */
  spec(type: string): NodeSpec | undefined;
  draw(node: HostNode, ctx: CanvasRenderingContext2D, canvas: HostCanvas): void;
  /** Sends a picture to the server and gives back the name it has there; undefined if that failed, which has been told. */
  upload(node: HostNode, file: Blob): Promise<string | undefined>;
  removed(node: HostNode): void;
}

/** Graph units below the widgets of nodes that show something. */
const wellHeight = 150;
/** Graph units for litegraph's arrows beside a choice. */
const arrows = 50;

/** What makes a node of the catalogue one that lives in a stock litegraph: widgets, drawing, colours. */
export function hostParts(world: NodeWorld): NodeParts {
  const { header, node } = themeOf('dark');
  return {
    furnish: (made, spec) => furnish(world, made, spec),
    room: (spec) => ({ height: roomFor(spec), width: estimateSize(spec, 0)[0] + arrows }),
    colours: ({ category }) => ({ header: header[category], body: node }),
  };
}

/** Height below the widgets that is kept for what a node shows, in graph units. */
export const roomFor = (spec: NodeSpec): number => (showsPicture(spec) ? wellHeight : 0);

function furnish(world: NodeWorld, node: HostNode, first: NodeSpec): void {
  const specOf = (): NodeSpec => world.spec(first.type) ?? first;
  addWidgets(node, specOf);
  const picture = first.inputs.find(({ widget }) => widget?.kind === 'choice' && widget.upload === true);
  if (picture !== undefined) addUpload(world, node, picture);
  node.onDrawForeground = (ctx, canvas) => world.draw(node, ctx, canvas);
  node.onPropertyChanged = (name, value) => changeProperty(node, specOf(), { name, value });
  node.onConnectionsChange = () => syncWidgets(node, specOf().inputs);
  node.onConfigure = () => mend(node, specOf());
  node.onGetInputs = () => wirableFields(node, specOf());
  node.onRemoved = () => world.removed(node);
}

function addUpload(world: NodeWorld, node: HostNode, { name }: PortSpec): void {
  const send = async (file: Blob): Promise<void> => {
    const kept = await world.upload(node, file);
    if (kept !== undefined) node.setProperty(name, kept);
  };
  node.onDropFile = (file) => void send(file);
  node.addWidget('button', 'Choose a file …', null, () => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = 'image/*';
    input.onchange = () => {
      const [file] = input.files ?? [];
      if (file !== undefined) void send(file);
    };
    input.click();
  });
}

/** Called by litegraph when a property was set; false takes it back. */
function changeProperty(node: HostNode, spec: NodeSpec, { name, value }: { name: string; value: unknown }): boolean | undefined {
  const port = spec.inputs.find((input) => input.name === name && input.widget !== undefined);
  if (port === undefined) {
    if (name === controlProperty) syncWidgets(node, []);
    return undefined;
  }
  const right = takeValue(port, value);
  if (right === undefined) return false;
  node.properties[name] = right;
  syncWidgets(node, [port]);
  node.setDirtyCanvas(true, false);
  return undefined;
}

/** Values that can come by wire as well; litegraph's menu of the node adds their slots. */
function wirableFields(node: HostNode, spec: NodeSpec): readonly (readonly [string, string, object])[] {
  const free = spec.inputs.filter(({ name, widget }) => widget !== undefined && !node.inputs.some((input) => input.name === name));
  return free.map((port) => [port.name, slotType(port), { ...labelled(port), nameLocked: true }] as const);
}

/** A file may have other slots, values and sizes than the type has. */
function mend(node: HostNode, spec: NodeSpec): void {
  for (const port of spec.inputs) {
    const input = node.inputs.find(({ name }) => name === port.name);
    if (input !== undefined) Object.assign(input, { type: slotType(port) }, labelled(port));
    else if (port.widget === undefined) node.addInput(port.name, slotType(port), labelled(port));
  }
  for (const port of spec.outputs) {
    const output = node.outputs.find(({ name }) => name === port.name);
    if (output !== undefined) Object.assign(output, { type: port.type }, labelled(port));
    else node.addOutput(port.name, port.type, labelled(port));
  }
  mendValues(node, spec, defaultProperties(spec));
  const [width, height] = [Number(node.size[0]) || 0, Number(node.size[1]) || 0];
  const least = node.computeSize();
  node.setSize([Math.max(width, least[0]), Math.max(height, least[1])]);
}
