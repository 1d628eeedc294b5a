import type { Catalogue, Content, ImageFile, Literal, PortSpec, Problem } from '../nodes/kit/index.ts';
import type { NodeStatus } from '../workflows/protocol.ts';
import type { GraphDocument, Mode, NodeId, SeedControl } from '../workflows/types.ts';
import type { HeldFields } from './held-port.ts';

/** One input of a node as panels show it. */
export interface InputView {
  readonly port: PortSpec;
  /** Present for ports with a widget. */
  readonly value?: Literal;
  readonly link?: { readonly node: NodeId; readonly output: number };
}

/** One node as panels show it. `known` is false for placeholders. */
export interface NodeView {
  readonly id: NodeId;
  readonly type: string;
  readonly title: string;
  readonly known: boolean;
  readonly mode: Mode;
  readonly collapsed: boolean;
  readonly pinned: boolean;
  readonly inputs: readonly InputView[];
  readonly outputs: readonly PortSpec[];
  readonly seedControl?: SeedControl;
}

/** A group as panels show it; nodes are in it whose middle is. */
export interface GroupView {
  readonly title: string;
  /** #rrggbb; the theme's accent without. */
  readonly color?: string;
  readonly nodes: readonly NodeId[];
}

/** How nodes are lined up: at an edge or the middle, or with equal gaps from left to right or from top to bottom. */
export const arrangements = ['left', 'centre', 'right', 'top', 'middle', 'bottom', 'across', 'down'] as const;
export type Arrangement = (typeof arrangements)[number];

/** A wire being dragged, dropped on nothing: a new node should be joined to it. */
export interface LooseWire {
  readonly node: NodeId;
  readonly slot: number;
  readonly side: 'input' | 'output';
  readonly type: string;
}

/** Asked for by a double click on the background, `/`, or a wire dropped on nothing. Points: `graph` in graph units, `screen` in CSS px of the page. */
export interface SearchRequest {
  readonly graph: readonly [number, number];
  readonly screen: readonly [number, number];
  readonly wire?: LooseWire;
}

/** An output and an input. */
export interface Between {
  readonly from: { readonly node: NodeId; readonly output: number };
  readonly to: { readonly node: NodeId; readonly input: string };
}

/** A node that could be put somewhere. */
export interface NodeOffer {
  readonly type: string;
  readonly title: string;
}

/**
 * What can be heard of the canvas. `change` fires once for each finished action of the user, with a short name for the undo list, and
 * once for each call of a method of {@link GraphView} that changes the document, other than `load`. Changes of one value say which, as
 * `node.port`, so that a slider that is dragged can be taken as one step.
 */
export interface GraphViewEvents {
  change: { readonly action: string; readonly field?: string };
  /** `group`: which of the groups is selected. */
  select: { readonly nodes: readonly NodeId[]; readonly group?: number };
  search: SearchRequest;
  /** A picture inside a node was clicked. */
  picture: { readonly node: NodeId; readonly url: string };
  /** Right click or long press. */
  menu: {
    readonly node?: NodeId;
    /** The field of the node that was under the pointer, if it has no wire. */
    readonly port?: string;
    /** Which of the groups, if it was asked for on the title of one. */
    readonly group?: number;
    readonly screen: readonly [number, number];
    readonly graph: readonly [number, number];
  };
  /** Something could not be done; `offers` are nodes that would make it possible if they stood `between`. */
  notice: { readonly message: string; readonly between?: Between; readonly offers?: readonly NodeOffer[] };
  /** Zoom or pan changed. */
  view: { readonly scale: number };
}

/** What a view is made with. */
export interface GraphViewOptions {
  readonly catalogue: Catalogue;
  readonly theme: 'dark' | 'light';
  /** The bytes of a picture of the server; `width` asks for a smaller copy. */
  readonly picture: (file: Pick<ImageFile, 'folder' | 'name'>, width?: number) => Promise<Blob>;
  /** Where a picture can be shown from: given with the event `picture`. */
  readonly imageUrl: (file: Pick<ImageFile, 'folder' | 'name'>) => string;
  /** Puts a picture into the input folder; without it, nodes have no upload button. */
  readonly upload?: (file: Blob, name: string) => Promise<ImageFile>;
  /** Moved nodes snap to a grid of 10. */
  readonly snap?: boolean;
}

/** The drawing of a graph on a canvas: the only way in which the rest of the page touches litegraph. */
export interface GraphView {
  readonly canvas: HTMLCanvasElement;
  on<K extends keyof GraphViewEvents>(name: K, listener: (event: GraphViewEvents[K]) => void): () => void;
  setCatalogue(catalogue: Catalogue): void;
  /** Replaces the graph; the view is fitted unless `keepView`. Fires no `change`. */
  load(graph: GraphDocument, options?: { readonly keepView?: boolean }): void;
  save(): GraphDocument;
  /** In the order in which they would run. */
  nodes(): readonly NodeView[];
  selection(): readonly NodeId[];
  select(nodes: readonly NodeId[], options?: { readonly reveal?: boolean }): void;
  /** Joins the first fitting port to `wire` if given. Returns the new node's id. */
  add(type: string, at: readonly [number, number], wire?: LooseWire): NodeId;
  remove(nodes: readonly NodeId[]): void;
  /** JSON text of these nodes and the wires among and into them. */
  copy(nodes: readonly NodeId[]): string;
  paste(text: string, options: { readonly at?: readonly [number, number]; readonly withWires: boolean }): readonly NodeId[];
  /** Returns why not, if not. */
  connect(
    from: { readonly node: NodeId; readonly output: number },
    to: { readonly node: NodeId; readonly input: string },
  ): Problem | undefined;
  /** Puts a node of the {@link NodeOffer} between an output and an input and wires it. */
  insert(type: string, between: Between): void;
  /** Puts a node of another type in the place of one; values and wires that fit go over. */
  replace(node: NodeId, type: string): void;
  disconnect(to: { readonly node: NodeId; readonly input: string }): void;
  setValue(node: NodeId, port: string, value: Literal): void;
  setSeedControl(node: NodeId, control: SeedControl): void;
  setTitle(node: NodeId, title: string): void;
  setMode(nodes: readonly NodeId[], mode: Mode): void;
  setCollapsed(nodes: readonly NodeId[], collapsed: boolean): void;
  /** Pinned nodes are not moved and not resized. */
  setPinned(nodes: readonly NodeId[], pinned: boolean): void;
  /** Lines nodes up with each other, or spreads them evenly. */
  arrange(nodes: readonly NodeId[], how: Arrangement): void;
  groups(): readonly GroupView[];
  /** Puts a group around nodes and selects it. */
  group(nodes: readonly NodeId[], title: string): void;
  /** Selects a group and what is in it. */
  selectGroup(group: number): void;
  /** `color` is #rrggbb, or `none` for the theme's own. */
  setGroup(group: number, change: { readonly title?: string; readonly color?: string }): void;
  /** Makes a group just as large as what is in it. */
  fitGroup(group: number): void;
  /** Takes a group away with what is in it. */
  removeGroup(group: number): void;
  /** Opens the title of a group for editing in place. */
  renameGroup(group: number): void;
  /** Takes a group away; its nodes stay. */
  ungroup(group: number): void;
  /** Shows the graph as after {@link load}: large enough to be read, whole if it can be. */
  begin(): void;
  fit(nodes?: readonly NodeId[]): void;
  /** CSS px of a graph unit. */
  scale(): number;
  zoom(factor: number): void;
  /** Keeps the middle of what is seen; 1 is the size of the panels. */
  zoomTo(scale: number): void;
  /** Middle of what is seen, in graph units. */
  centre(): readonly [number, number];
  setTheme(theme: 'dark' | 'light'): void;
  setStatus(node: NodeId, status: NodeStatus | undefined): void;
  setPreview(node: NodeId, jpeg: Uint8Array): void;
  setContent(node: NodeId, content: Content): void;
  /** Red outline and the sentence under the node; an empty list clears. */
  setProblems(problems: readonly Problem[]): void;
  clearRun(): void;
  /** Shows that a sweep varies these fields, `node.field`, with the values as they are typed. */
  setAxes(axes: ReadonlyMap<string, string>): void;
  /** Fields whose values go from one size that a model takes to the next. */
  setHeld(held: HeldFields): void;
  resize(): void;
  dispose(): void;
}
