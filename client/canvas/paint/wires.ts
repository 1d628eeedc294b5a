import { type HostLink, linksOf } from '../../plugin/host.ts';
import { withAlpha } from '../colour.ts';
import { type Area, type Desk, overlap, type Point } from '../desk.ts';
import { isFar } from '../measures.ts';
import { carriedType, outputType, plugPoint } from '../plugs.ts';
import type { Pen } from './pen.ts';

/** How far the ends of a wire reach out before it turns. */
const reach = (from: Point, to: Point): number => {
  const [dx, dy] = [to[0] - from[0], Math.abs(to[1] - from[1])];
  return dx > 0 ? Math.max(24, Math.min(dx * 0.5, 40 + dy * 0.6, 160)) : Math.min(140, 40 + Math.abs(dx) * 0.25 + dy * 0.15);
};

/** The four points of a wire's cubic Bézier curve. */
export function wireCurve(from: Point, to: Point): readonly [Point, Point, Point, Point] {
  const out = reach(from, to);
  return [from, [from[0] + out, from[1]], [to[0] - out, to[1]], to];
}

/** Puts a wire on the path. */
export function wirePath(ctx: CanvasRenderingContext2D | Path2D, from: Point, to: Point): void {
  const [start, leaving, coming, end] = wireCurve(from, to);
  ctx.moveTo(...start);
  ctx.bezierCurveTo(...leaving, ...coming, ...end);
}

/** Draws one wire, with a rim in the colour of the background that keeps crossing wires apart. */
export function drawWire(
  pen: Pen,
  ends: readonly [Point, Point],
  look: { readonly type: string; readonly alpha: number; readonly strong: boolean },
): void {
  const { ctx, theme, scale } = pen;
  const width = Math.max(2, 1.3 / scale) + (look.strong ? 0.8 : 0);
  ctx.beginPath();
  wirePath(ctx, ends[0], ends[1]);
  ctx.lineCap = 'round';
  ctx.strokeStyle = withAlpha(theme.background, 0.85);
  ctx.lineWidth = width + 3;
  ctx.stroke();
  ctx.strokeStyle = withAlpha(theme.wire(look.type), look.alpha);
  ctx.lineWidth = width;
  ctx.stroke();
}

/** The ends of a wire; undefined if a node is missing. */
export function wireEnds(desk: Desk, link: HostLink): readonly [Point, Point] | undefined {
  const origin = desk.graph.getNodeById(link.origin_id);
  const target = desk.graph.getNodeById(link.target_id);
  if (!origin || !target) return undefined;
  return [
    plugPoint(desk, origin, { side: 'output', slot: link.origin_slot }),
    plugPoint(desk, target, { side: 'input', slot: link.target_slot }),
  ];
}

/** Draws all wires that can be seen; those of selected nodes stand out, those that do not fit what is under the pointer step back. */
export function drawWires(pen: Pen, desk: Desk, seen: Area): void {
  const chosen = desk.surface.selected_nodes;
  const someChosen = Object.keys(chosen).length > 0;
  const dim = desk.doing.hover.kind === 'plug' || desk.doing.wire !== undefined;
  const strong: (() => void)[] = [];
  const far = isFar(pen.scale) ? new FarWires(pen) : undefined;
  for (const link of linksOf(desk.graph)) {
    const ends = wireEnds(desk, link);
    const origin = desk.graph.getNodeById(link.origin_id);
    if (ends === undefined || !origin || !overlap(roomOf(ends), seen)) continue;
    const plug = { node: origin, side: 'output', slot: link.origin_slot, type: outputType(desk, origin, link.origin_slot) } as const;
    const type = carriedType(desk, plug).split(',')[0] ?? '*';
    const ofChosen = chosen[link.origin_id] !== undefined || chosen[link.target_id] !== undefined;
    const alpha = (dim ? 0.35 : someChosen && !ofChosen ? 0.7 : 1) * (origin.mode === 2 ? 0.5 : 1);
    const draw = (): void => drawWire(pen, ends, { type, alpha, strong: ofChosen });
    if (ofChosen) strong.push(draw);
    else if (far !== undefined) far.add(ends, { type, alpha });
    else draw();
  }
  far?.draw();
  for (const draw of strong) draw();
}

/** Wires that are seen from far away: all of one colour at once, without rims. */
class FarWires {
  readonly #pen: Pen;
  readonly #paths = new Map<string, Path2D>();

  constructor(pen: Pen) {
    this.#pen = pen;
  }

  add([from, to]: readonly [Point, Point], { type, alpha }: { readonly type: string; readonly alpha: number }): void {
    const colour = withAlpha(this.#pen.theme.wire(type), alpha);
    const path = this.#paths.get(colour) ?? new Path2D();
    this.#paths.set(colour, path);
    wirePath(path, from, to);
  }

  draw(): void {
    const { ctx, scale } = this.#pen;
    ctx.lineWidth = Math.max(2, 1.3 / scale);
    for (const [colour, path] of this.#paths) {
      ctx.strokeStyle = colour;
      ctx.stroke(path);
    }
  }
}

function roomOf([from, to]: readonly [Point, Point]): Area {
  const out = reach(from, to);
  const [left, right] = [Math.min(from[0], to[0] - out), Math.max(from[0] + out, to[0])];
  const top = Math.min(from[1], to[1]);
  return { x: left, y: top - 2, width: right - left, height: Math.abs(to[1] - from[1]) + 4 };
}
