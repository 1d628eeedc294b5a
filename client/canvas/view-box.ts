import type { HostNode } from '../plugin/host.ts';
import { type Area, type Desk, nodeArea, overlap, type Point, seenArea, toGraph } from './desk.ts';

/** Limits of the zoom. */
const scales = { least: 0.08, most: 4 } as const;

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
  desk.redraw();
}

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

/** Shows all of these nodes, as large as they fit but never enlarged. */
export function fitView(desk: Desk, nodes: readonly HostNode[]): void {
  const area = areaAround(desk, nodes);
  const { clientWidth, clientHeight } = desk.element;
  if (area === undefined || clientWidth === 0 || clientHeight === 0) return;
  const margin = Math.min(24, clientWidth * 0.05);
  const factor = Math.min(1, (clientWidth - 2 * margin) / area.width, (clientHeight - 2 * margin) / area.height);
  setView(desk, Math.max(scales.least, factor), [area.x + area.width / 2, area.y + area.height / 2]);
  const { scale, offset } = desk.surface.ds;
  if (nodes.length === desk.graph._nodes.length) desk.doing.fitted = [scale, offset[0], offset[1]];
}

/** The room of the view has changed: a graph that was wholly shown is so again. */
export function followRoom(desk: Desk): void {
  const { fitted } = desk.doing;
  const { scale, offset } = desk.surface.ds;
  if (fitted?.[0] === scale && fitted[1] === offset[0] && fitted[2] === offset[1]) fitView(desk, desk.graph._nodes);
  desk.redraw();
}

/** Shows a place in the middle. */
export function setView(desk: Desk, scale: number, [x, y]: Point): void {
  const { ds } = desk.surface;
  ds.scale = scale;
  ds.offset[0] = desk.element.clientWidth / 2 / scale - x;
  ds.offset[1] = desk.element.clientHeight / 2 / scale - y;
  desk.events.emit('view', { scale });
  desk.redraw();
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
  desk.redraw();
}
