import type { HostNode } from '../plugin/host.ts';
import { type Area, type Desk, nodeArea, overlap, type Point, seenArea, toGraph } from './desk.ts';
import { fonts, leastText } from './measures.ts';
import { executionOrder } from './order.ts';

/** Limits of the zoom. */
const scales = { least: 0.08, most: 4 } as const;

/** From this scale on fields of nodes are drawn and can be read. */
const readable = leastText / fonts.node;
/** A graph that would be shown smaller than this is shown whole all the same where there is room: it must be looked at in parts anyway. */
const overview = 0.5;
/** Below this width, in CSS px, a view shows one node well rather than all of them. */
const narrow = 600;

/** Zooms by a factor; the place under a point of the page stays where it is. */
export function zoomAt(desk: Desk, factor: number, [clientX, clientY]: Point): void {
  const { ds } = desk.surface;
  const before = toGraph(desk, clientX, clientY);
  const wanted = Math.min(scales.most, Math.max(scales.least, ds.scale * factor));
  ds.scale = Math.abs(wanted - 1) < 0.01 ? 1 : wanted;
  const after = toGraph(desk, clientX, clientY);
  ds.offset[0] += after[0] - before[0];
  ds.offset[1] += after[1] - before[1];
  desk.events.emit('view', { scale: ds.scale });
  desk.moved();
}

/** Shows the middle of what is seen at another scale. */
export const zoomTo = (desk: Desk, scale: number): void => zoomAtMiddle(desk, scale / desk.surface.ds.scale);

/** Zooms around the middle of what is seen. */
export function zoomAtMiddle(desk: Desk, factor: number): void {
  const { left, top, width, height } = desk.element.getBoundingClientRect();
  zoomAt(desk, factor, [left + width / 2, top + height / 2]);
}

/** The middle of what is seen, in graph units. */
export function middleOf(desk: Desk): Point {
  const { x, y, width, height } = seenArea(desk);
  return [x + width / 2, y + height / 2];
}

/** The smallest rectangle around nodes, headers included. */
export function areaAround(desk: Desk, nodes: readonly HostNode[]): Area | undefined {
  const areas = nodes.map((node) => nodeArea(desk, node));
  if (areas.length === 0) return undefined;
  const least = (pick: (area: Area) => number): number =>
    areas.reduce((found, area) => Math.min(found, pick(area)), Number.POSITIVE_INFINITY);
  const most = (pick: (area: Area) => number): number =>
    areas.reduce((found, area) => Math.max(found, pick(area)), Number.NEGATIVE_INFINITY);
  const [x, y] = [least((area) => area.x), least((area) => area.y)];
  return { x, y, width: most((area) => area.x + area.width) - x, height: most((area) => area.y + area.height) - y };
}

const marginOf = ({ element }: Desk): number => Math.min(24, element.clientWidth * 0.05);

/** The scale at which an area fits, never enlarged. */
function fittingScale(desk: Desk, area: Area): number {
  const { clientWidth, clientHeight } = desk.element;
  const margin = marginOf(desk);
  return Math.max(scales.least, Math.min(1, (clientWidth - 2 * margin) / area.width, (clientHeight - 2 * margin) / area.height));
}

const hasRoom = ({ element }: Desk): boolean => element.clientWidth > 0 && element.clientHeight > 0;

/** Shows all of these nodes, as large as they fit but never enlarged. */
export function fitView(desk: Desk, nodes: readonly HostNode[]): void {
  const area = areaAround(desk, nodes);
  if (area === undefined || !hasRoom(desk)) return;
  setView(desk, fittingScale(desk, area), middleOfArea(area));
  if (nodes.length === desk.graph._nodes.length) rememberView(desk, 'all');
}

/**
 * The first look at a graph: all of it if its fields can be read then, or if it is far too large for that; else its upper left part, large enough
 * to be read. Where there is little room: the first node that shows pictures.
 */
export function openView(desk: Desk): void {
  const area = areaAround(desk, desk.graph._nodes);
  if (area === undefined || !hasRoom(desk)) return;
  const scale = fittingScale(desk, area);
  const small = desk.element.clientWidth < narrow;
  if (scale >= readable || (scale < overview && !small)) fitView(desk, desk.graph._nodes);
  else if (small) showFirst(desk);
  else showCorner(desk, area);
  rememberView(desk, 'opened');
}

function showFirst(desk: Desk): void {
  const nodes = executionOrder(desk.graph);
  const first = nodes.find((node) => desk.layoutOf(node).well !== undefined && node.flags.collapsed !== true) ?? nodes[0];
  const area = first && areaAround(desk, [first]);
  if (area) setView(desk, Math.max(readable, fittingScale(desk, area)), middleOfArea(area));
}

function showCorner(desk: Desk, { x, y }: Area): void {
  const { clientWidth, clientHeight } = desk.element;
  const margin = marginOf(desk);
  setView(desk, readable, [x + (clientWidth / 2 - margin) / readable, y + (clientHeight / 2 - margin) / readable]);
}

const middleOfArea = ({ x, y, width, height }: Area): Point => [x + width / 2, y + height / 2];

function rememberView({ doing, surface }: Desk, shows: 'all' | 'opened'): void {
  const { scale, offset } = surface.ds;
  doing.placed = { shows, scale, x: offset[0], y: offset[1] };
}

/** The room of the view has changed: what was shown of the graph by itself is shown anew, what somebody went to stays. */
export function followRoom(desk: Desk): void {
  const { placed } = desk.doing;
  const { scale, offset } = desk.surface.ds;
  if (placed !== undefined && placed.scale === scale && placed.x === offset[0] && placed.y === offset[1])
    if (placed.shows === 'all') fitView(desk, desk.graph._nodes);
    else openView(desk);
  desk.redraw();
}

/** Shows a place in the middle. */
export function setView(desk: Desk, scale: number, [x, y]: Point): void {
  const { ds } = desk.surface;
  ds.scale = scale;
  ds.offset[0] = desk.element.clientWidth / 2 / scale - x;
  ds.offset[1] = desk.element.clientHeight / 2 / scale - y;
  desk.events.emit('view', { scale });
  desk.moved();
}

/** Moves the view as little as shows all of these nodes; to another place only if they cannot be seen well. */
export function reveal(desk: Desk, nodes: readonly HostNode[]): void {
  const area = areaAround(desk, nodes);
  if (area === undefined) return;
  const seen = seenArea(desk);
  const middle = { x: area.x + area.width / 2, y: area.y + area.height / 2, width: 0, height: 0 };
  if (overlap(middle, seen) && desk.surface.ds.scale > 0.3) nudge(desk, area, seen);
  else if (area.width < seen.width && area.height < seen.height) setView(desk, Math.max(desk.surface.ds.scale, 0.6), [middle.x, middle.y]);
  else fitView(desk, nodes);
}

/** Brings what sticks out at an edge into view; what is larger than the view shows its beginning. */
function nudge(desk: Desk, area: Area, seen: Area): void {
  const { ds } = desk.surface;
  const margin = 12 / ds.scale;
  const by = (start: number, length: number, from: number, room: number): number =>
    Math.max(from + margin - start, 0) || Math.min(0, Math.max(from + room - margin - start - length, from + margin - start));
  const [dx, dy] = [by(area.x, area.width, seen.x, seen.width), by(area.y, area.height, seen.y, seen.height)];
  if (dx === 0 && dy === 0) return;
  ds.offset[0] += dx;
  ds.offset[1] += dy;
  desk.events.emit('view', { scale: ds.scale });
  desk.moved();
}
