import type { NodeSpec } from '../../nodes/kit/index.ts';
import type { NodeId, PropertyValue } from '../../workflows/index.ts';
import type { Emitter } from '../emitter.ts';
import type { GraphViewEvents, GraphViewOptions, LooseWire } from '../graph-view.ts';
import type { HeldFields } from '../held-port.ts';
import type { HostCanvas, HostGraph, HostGroup, HostLibrary, HostNode } from '../plugin/host.ts';
import type { NodeTypes } from '../plugin/node-types.ts';
import type { InputPictures } from './input-pictures.ts';
import type { Marks } from './marks.ts';
import type { Field, NodeLayout, Spot } from './node-layout.ts';
import type { Theme } from './theme.ts';

/** A point in graph units. */
export type Point = readonly [number, number];

/** A rectangle in graph units. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One end that a wire can have, with where it is. */
export interface Plug {
  readonly node: HostNode;
  readonly side: 'input' | 'output';
  /** The slot; undefined for a field that has no wire yet. */
  readonly slot: number | undefined;
  readonly name: string;
  readonly type: string;
  readonly at: Point;
}

/** What the pointer is over. */
export type Hit =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'group'; readonly group: HostGroup; readonly part: 'title' | 'corner' }
  | { readonly kind: 'plug'; readonly node: HostNode; readonly plug: Plug; readonly spot: Spot | undefined }
  | { readonly kind: 'field'; readonly node: HostNode; readonly field: Field; readonly part: 'value' | 'button' }
  /** `across` is the share of the width left of the pointer. */
  | { readonly kind: 'well'; readonly node: HostNode; readonly across: number }
  | { readonly kind: 'corner'; readonly node: HostNode }
  | { readonly kind: 'header'; readonly node: HostNode }
  | { readonly kind: 'body'; readonly node: HostNode };

/** A wire in the hand: it hangs on `from`, `to` follows the pointer. */
export interface WireInHand {
  readonly from: Plug;
  to: Point;
  /** Where it would go if it were let go now. */
  target: Plug | undefined;
}

/** What the user is doing right now, as far as it is drawn. */
export interface Doing {
  hover: Hit;
  wire?: WireInHand;
  box?: Area;
  /** The field that is edited in place is not drawn. */
  editing?: { readonly node: HostNode; readonly port: string };
  panning: boolean;
  /** The group that is selected, with what is in it. */
  group?: HostGroup;
  /** Where the view was put by itself; as long as nobody has moved it since, it is put anew when its room changes. */
  placed?: { readonly shows: 'all' | 'opened'; readonly scale: number; readonly x: number; readonly y: number };
}

/** Everything that the parts of the canvas share. */
export interface Desk {
  readonly host: HostLibrary;
  readonly graph: HostGraph;
  readonly surface: HostCanvas;
  readonly element: HTMLCanvasElement;
  readonly types: NodeTypes;
  readonly options: GraphViewOptions;
  readonly events: Emitter<GraphViewEvents>;
  readonly marks: Marks;
  readonly inputs: InputPictures;
  readonly doing: Doing;
  readonly calm: boolean;
  theme: Theme;
  /** Fields that a sweep varies, `node.field`, with their values as they are typed. */
  axes: ReadonlyMap<string, string>;
  held: HeldFields;
  /** What the document says of itself. */
  extra: Readonly<Record<string, PropertyValue>>;
  specOf(node: HostNode): NodeSpec | undefined;
  layoutOf(node: HostNode): NodeLayout;
  /** Something that is drawn has changed. */
  redraw(): void;
  /** Only the place or the size of the view has changed. */
  moved(): void;
  /** Tells of a finished action. */
  done(action: string, field?: string): void;
}

/** Ids are strings outside of litegraph. */
export const idOf = (node: HostNode): NodeId => String(node.id);

/** The node of an id. */
export const nodeOf = (desk: Pick<Desk, 'graph'>, id: NodeId): HostNode | undefined => desk.graph.getNodeById(id) ?? undefined;

/** A page position in graph units. */
export function toGraph({ element, surface }: Desk, clientX: number, clientY: number): Point {
  const { left, top } = element.getBoundingClientRect();
  const { scale, offset } = surface.ds;
  return [(clientX - left) / scale - offset[0], (clientY - top) / scale - offset[1]];
}

/** A place in the graph as a page position. */
export function toScreen({ element, surface }: Desk, [x, y]: Point): Point {
  const { left, top } = element.getBoundingClientRect();
  const { scale, offset } = surface.ds;
  return [left + (x + offset[0]) * scale, top + (y + offset[1]) * scale];
}

/** The part of the graph that is seen. */
export function seenArea({ element, surface }: Desk): Area {
  const { scale, offset } = surface.ds;
  return { x: -offset[0], y: -offset[1], width: element.clientWidth / scale, height: element.clientHeight / scale };
}

/** The room of a node with its header. */
export function nodeArea(desk: Desk, node: HostNode): Area {
  const { width, height } = desk.layoutOf(node);
  const header = desk.host.NODE_TITLE_HEIGHT;
  return { x: node.pos[0], y: node.pos[1] - header, width, height: header + (node.flags.collapsed === true ? 0 : height) };
}

/** Do two rectangles share a point? */
export const overlap = (a: Area, b: Area): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** The wire as the page's search gets it. */
export const looseWire = ({ node, slot, side, type }: Plug): LooseWire => ({ node: idOf(node), slot: slot ?? -1, side, type });
