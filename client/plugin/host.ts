/** The parts of litegraph.js 0.7 that this code uses, written down because the library's own types lack many of them. Its fork has the same. */

export interface HostInput {
  name: string;
  type: string | number;
  link: number | null;
  label?: string;
}

export interface HostOutput {
  name: string;
  type: string | number;
  links: number[] | null;
  label?: string;
}

export interface HostLink {
  id: number;
  type: string | number;
  origin_id: number | string;
  origin_slot: number;
  target_id: number | string;
  target_slot: number;
}

export interface HostWidget {
  name: string;
  type: string;
  value: unknown;
  options?: Record<string, unknown>;
  disabled?: boolean;
  label?: string;
  /** Where it was drawn last, from the top of the node's body. */
  last_y?: number;
  y?: number;
}

/** Two numbers; litegraph keeps them as lists or as typed arrays. */
export interface Pair {
  0: number;
  1: number;
}

export interface HostNode {
  id: number | string;
  type: string;
  title: string;
  pos: Pair;
  _pos?: Pair;
  size: Pair;
  flags: { collapsed?: boolean; pinned?: boolean };
  /** Width of a collapsed node, once it has been drawn. */
  _collapsed_width?: number;
  mode: number;
  order?: number;
  color?: string;
  bgcolor?: string;
  inputs: HostInput[];
  outputs: HostOutput[];
  properties: Record<string, unknown>;
  widgets?: HostWidget[];
  serialize_widgets?: boolean;
  /** Values by position, as a file of an unknown node had them. */
  widgets_values?: unknown;
  graph: HostGraph | null;
  addInput(name: string, type: string | number, extra?: object): HostInput;
  removeInput(slot: number): void;
  addOutput(name: string, type: string | number, extra?: object): HostOutput;
  addWidget(type: string, name: string, value: unknown, callback: unknown, options?: object): HostWidget;
  connect(slot: number, target: HostNode, targetSlot: number): HostLink | null;
  disconnectInput(slot: number): boolean;
  setProperty(name: string, value: unknown): void;
  /** What the file said of a node whose type was not known when it was read. */
  last_serialization?: unknown;
  has_errors?: boolean;
  setDirtyCanvas(foreground: boolean, background?: boolean): void;
  setSize(size: Pair): void;
  computeSize(out?: Pair): Pair;
  serialize(): unknown;
  configure(info: unknown): void;
  /** Inputs that the node's menu offers to add. */
  onGetInputs?(): readonly (readonly [string, string, object])[];
  onDropFile?(file: Blob): void;
  onRemoved?(): void;
  onDrawForeground?(context: CanvasRenderingContext2D, canvas: HostCanvas): void;
  onPropertyChanged?(name: string, value: unknown, before: unknown): boolean | undefined;
  onConnectInput?(slot: number, type: unknown, output: unknown, origin: HostNode, originSlot: number): boolean;
  onConnectionsChange?(side: number, slot: number, connected: boolean, link: HostLink | null, io: unknown): void;
  onConfigure?(info: unknown): void;
}

export interface HostGroup {
  title: string;
  color?: string;
  font_size?: number;
  graph: HostGraph | null;
  _bounding: Float32Array | number[];
}

export interface HostGraph {
  _nodes: HostNode[];
  _groups: HostGroup[];
  links: Record<string, HostLink | undefined> | Map<number, HostLink>;
  _nodes_by_id?: Record<string, HostNode>;
  last_node_id: number | string;
  last_link_id: number;
  extra: Record<string, unknown>;
  add(node: HostNode | HostGroup, skipOrder?: boolean): void;
  remove(node: HostNode | HostGroup): void;
  clear(): void;
  getNodeById(id: number | string): HostNode | null | undefined;
  serialize(): unknown;
  setDirtyCanvas(foreground: boolean, background?: boolean): void;
  sendActionToCanvas?(action: string, parameters?: readonly unknown[]): void;
  updateExecutionOrder(): void;
}

export interface HostCanvas {
  canvas: HTMLCanvasElement;
  graph: HostGraph | null;
  ds: { scale: number; offset: Pair; min_scale: number; max_scale: number };
  frame: number;
  selected_nodes: Record<string, HostNode>;
  deselectAllNodes?(): void;
  /** Draws over the nodes, in graph units. */
  onDrawForeground?: ((context: CanvasRenderingContext2D, area: unknown) => void) | null;
  default_connection_color_byType?: Record<string, string>;
  default_connection_color_byTypeOff?: Record<string, string>;
  setDirty(foreground: boolean, background?: boolean): void;
  draw(foreground?: boolean, background?: boolean): void;
  setGraph(graph: HostGraph | null): void;
  stopRendering(): void;
}

/** Names of node types by the type of a slot that they have. */
export type SlotTypes = Record<string, { nodes: string[] } | undefined>;

export type HostNodeClass = new (title?: string) => HostNode;

/** The object `LiteGraph` of a host page. */
export interface HostLibrary {
  registered_node_types: Record<string, HostNodeClass | undefined>;
  Nodes?: Record<string, unknown>;
  LGraphNode: HostNodeClass;
  LGraph: new () => HostGraph;
  LGraphGroup?: new (title?: string) => HostGroup;
  LGraphCanvas: (new (
    element: HTMLCanvasElement,
    graph: HostGraph,
    options?: object,
  ) => HostCanvas) & {
    link_type_colors: Record<string, string>;
  };
  LLink: new (
    id: number,
    type: string | number,
    origin: number | string,
    originSlot: number,
    target: number | string,
    targetSlot: number,
  ) => HostLink;
  MAX_NUMBER_OF_NODES?: number;
  /** What litegraph notes of the types of slots, for its searches. */
  registered_slot_in_types?: SlotTypes;
  registered_slot_out_types?: SlotTypes;
  slot_types_in?: string[];
  slot_types_out?: string[];
  NODE_TITLE_HEIGHT: number;
  NODE_SLOT_HEIGHT: number;
  NODE_WIDGET_HEIGHT: number;
  registerNodeType(type: string, nodeClass: HostNodeClass): void;
  unregisterNodeType(type: string): void;
  createNode(type: string, title?: string): HostNode | null;
}

/** A wire by its id, in litegraph's object or in its fork's Map. */
export const linkOf = (graph: HostGraph, id: number | null | undefined): HostLink | undefined =>
  id === null || id === undefined ? undefined : graph.links instanceof Map ? graph.links.get(id) : graph.links[id];

/** All wires of a graph. */
export const linksOf = (graph: HostGraph): readonly HostLink[] =>
  [...(graph.links instanceof Map ? graph.links.values() : Object.values(graph.links))].filter(
    (link) => link !== undefined && link !== null,
  );

/** The nodes that feed a node. */
export function sourcesOf(node: HostNode): readonly HostNode[] {
  const { graph } = node;
  if (graph === null) return [];
  return (node.inputs ?? []).flatMap(({ link }) => graph.getNodeById(linkOf(graph, link)?.origin_id ?? '') ?? []);
}

/** Would a wire from `origin` to `target` close a circle? */
export function closesCircle(origin: HostNode, target: HostNode): boolean {
  const seen = new Set<HostNode>();
  const ahead = [origin];
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    if (node === target) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    ahead.push(...sourcesOf(node));
  }
  return false;
}
