import type { HostGroup, HostNode } from '../../plugin/host.ts';
import { withAlpha } from '../colour.ts';
import { type Area, type Desk, idOf, nodeArea, overlap } from '../desk.ts';
import { font, fonts, isFar, isLegible } from '../measures.ts';
import { type Fitting, fittingTo } from '../plugs.ts';
import { drawFarNode, isPlain } from './far.ts';
import type { Look } from './layer.ts';
import { drawNode } from './node.ts';
import { fillBox, type Pen, strokeBox, write } from './pen.ts';
import { drawWire, drawWires } from './wires.ts';
import type { Words } from './words.ts';

/** Where a picture of the graph goes, and what of it. */
export interface Paper {
  readonly ctx: CanvasRenderingContext2D;
  readonly words: Words;
  readonly look: Look;
  readonly now: number;
}

/** Tells of a node whose own drawing hook failed. */
export type HookFailed = (node: HostNode, thrown: unknown) => void;

/** Draws what can be seen of the graph, and what the hand holds. */
export function drawScene(desk: Desk, { ctx, words, look, now }: Paper, hookFailed: HookFailed): void {
  const { scale, density, seen } = look;
  const pen: Pen = { ctx, words, theme: desk.theme, scale, now };
  const enter = (): void => {
    ctx.setTransform(density, 0, 0, density, 0, 0);
    ctx.scale(scale, scale);
    ctx.translate(-seen.x, -seen.y);
  };
  enter();
  ctx.globalAlpha = 1;
  ctx.fillStyle = desk.theme.background;
  ctx.fillRect(seen.x, seen.y, seen.width, seen.height);
  drawGrid(pen, seen);
  for (const group of desk.graph._groups) drawGroup(pen, group, group === desk.doing.group);
  drawWires(pen, desk, seen);
  drawNodes(pen, desk, seen, (node, thrown) => {
    // Whatever the hook has left on the stack goes.
    for (let level = 0; level < 64; level++) ctx.restore();
    enter();
    hookFailed(node, thrown);
  });
  drawHand(pen, desk);
  ctx.setTransform(1, 0, 0, 1, 0, 0);
}

/** Dots on a grid of 24; of 96 and so on when seen from far away. */
function drawGrid({ ctx, theme, scale }: Pen, seen: Area): void {
  let pitch = 24;
  while (pitch * scale < 14) pitch *= 4;
  const side = Math.max(1.6, 1.4 / scale);
  ctx.fillStyle = theme.grid;
  const [left, top] = [Math.floor(seen.x / pitch) * pitch, Math.floor(seen.y / pitch) * pitch];
  for (let x = left; x < seen.x + seen.width; x += pitch) {
    for (let y = top; y < seen.y + seen.height; y += pitch) ctx.fillRect(x - side / 2, y - side / 2, side, side);
  }
}

function drawGroup(pen: Pen, { _bounding, title, color }: HostGroup, selected: boolean): void {
  const [x = 0, y = 0, width = 0, height = 0] = _bounding;
  const colour = color !== undefined && /^#[0-9a-f]{6}$/i.test(color) ? color : pen.theme.accent;
  const box = { x, y, width, height };
  fillBox(pen, box, { colour: withAlpha(colour, color === undefined ? 0.07 : 0.13), radius: 8 });
  const hair = Math.max(1, 1 / pen.scale);
  strokeBox(pen, box, { colour: selected ? pen.theme.accent : withAlpha(colour, 0.45), radius: 8, width: selected ? 2 * hair : hair });
  const size = isLegible(fonts.node + 1, pen.scale) ? fonts.node + 1 : 12 / pen.scale;
  const letters = font(size, 600);
  write(pen, pen.words.fit(title, letters, width - 24), [x + 12, y + Math.max(16, size * 0.8)], {
    font: letters,
    colour: pen.theme.secondary,
  });
}

/** The nodes from back to front. */
function drawNodes(pen: Pen, desk: Desk, seen: Area, hookFailed: HookFailed): void {
  const fitting = presentFitting(desk);
  const far = isFar(pen.scale);
  for (const node of desk.graph._nodes) {
    if (!overlap(withMargin(nodeArea(desk, node)), seen)) continue;
    const selected = desk.surface.selected_nodes[String(node.id)] !== undefined;
    pen.ctx.save();
    try {
      const scene = { node, layout: desk.layoutOf(node), marks: desk.marks.get(idOf(node)), selected, fitting };
      if (far && isPlain(desk, scene)) drawFarNode(pen, desk, scene);
      else drawNode(pen, desk, scene);
      drawHook(pen, desk, node);
    } catch (thrown) {
      hookFailed(node, thrown);
    }
    pen.ctx.restore();
  }
}

/** Room for the sentence under a failed node. */
const withMargin = ({ x, y, width, height }: Area): Area => ({
  x: x - 12,
  y: y - 12,
  width: Math.max(width, 240) + 24,
  height: height + 140,
});

function presentFitting(desk: Desk): Fitting | undefined {
  const { wire, hover } = desk.doing;
  const reference = wire?.from ?? (hover.kind === 'plug' ? hover.plug : undefined);
  return reference === undefined ? undefined : fittingTo(desk, reference);
}

/** A node may draw of itself, as in every litegraph canvas. */
function drawHook({ ctx }: Pen, { surface }: Desk, node: HostNode): void {
  if (node.onDrawForeground === undefined || node.flags.collapsed === true) return;
  ctx.translate(node.pos[0], node.pos[1]);
  node.onDrawForeground(ctx, surface);
}

/** What the hand holds: a wire, or a box that selects. */
function drawHand(pen: Pen, { doing, theme }: Desk): void {
  const { wire, box } = doing;
  if (wire !== undefined) {
    const end = wire.target?.at ?? wire.to;
    const ends = wire.from.side === 'output' ? ([wire.from.at, end] as const) : ([end, wire.from.at] as const);
    drawWire(pen, ends, { type: wire.from.type.split(',')[0] ?? '*', alpha: 1, strong: wire.target !== undefined });
  }
  if (box === undefined) return;
  fillBox(pen, box, { colour: withAlpha(theme.accent, 0.1), radius: 2 });
  strokeBox(pen, box, { colour: theme.accent, radius: 2, width: 1 / pen.scale });
}
