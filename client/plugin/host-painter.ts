import type { NodeMarks } from '../canvas/marks.ts';
import { font, fonts, isLegible } from '../canvas/measures.ts';
import { badgeOf } from '../canvas/paint/badge.ts';
import { drawProgress, drawSentence } from '../canvas/paint/node.ts';
import { drawEdge } from '../canvas/paint/outline.ts';
import { type Pen, write } from '../canvas/paint/pen.ts';
import { drawWell, type Showing } from '../canvas/paint/well.ts';
import { Words } from '../canvas/paint/words.ts';
import { themeOf } from '../canvas/theme.ts';
import { roomFor } from './furnish.ts';
import type { HostCanvas, HostLibrary, HostNode } from './host.ts';

/** Draws what runs say into the nodes of a host, over litegraph's own drawing. No call throws: that would end the host's render loop. */
export interface HostPainter {
  /** In a node's own place, below its slots and widgets. */
  node(node: HostNode, ctx: CanvasRenderingContext2D, canvas: HostCanvas): void;
  /** Over all nodes, in graph units: the sentences of failures. */
  above(ctx: CanvasRenderingContext2D, canvas: HostCanvas): void;
}

/** A painter for what `showing` knows of nodes. */
export function createPainter(host: Pick<HostLibrary, 'NODE_TITLE_HEIGHT'>, showing: Showing): HostPainter {
  const theme = themeOf('dark');
  const words = new WeakMap<CanvasRenderingContext2D, Words>();
  const reported = new WeakSet<object>();
  const penFor = (ctx: CanvasRenderingContext2D, { ds }: HostCanvas): Pen => {
    const known = words.get(ctx) ?? new Words(ctx);
    words.set(ctx, known);
    return { ctx, theme, words: known, scale: ds.scale, now: 0 };
  };
  const guarded = (ctx: CanvasRenderingContext2D, subject: object, draw: () => void): void => {
    ctx.save();
    try {
      draw();
    } catch (thrown) {
      if (!reported.has(subject)) console.error('litegraph-diffusion could not draw a node.', thrown);
      reported.add(subject);
    } finally {
      ctx.restore();
    }
  };
  return {
    node: (node, ctx, canvas) =>
      guarded(ctx, node, () => drawInNode(penFor(ctx, canvas), { node, showing, header: host.NODE_TITLE_HEIGHT })),
    above: (ctx, canvas) =>
      guarded(ctx, canvas, () => {
        for (const node of canvas.graph?._nodes ?? []) drawFailure(penFor(ctx, canvas), { node, showing, header: 0 });
      }),
  };
}

interface Scene {
  readonly node: HostNode;
  readonly showing: Showing;
  /** Height of the node's header. */
  readonly header: number;
}

const isCollapsed = ({ flags }: HostNode): boolean => flags.collapsed === true;

const hasFailed = (marks: NodeMarks | undefined): boolean => marks?.status?.state === 'failed' || (marks?.problems.length ?? 0) > 0;

function drawInNode(pen: Pen, { node, showing, header }: Scene): void {
  const marks = showing.marks.get(String(node.id));
  const width = isCollapsed(node) ? (node._collapsed_width ?? node.size[0]) : node.size[0];
  const height = isCollapsed(node) ? 0 : node.size[1];
  if (!isCollapsed(node)) {
    drawShown(pen, node, showing);
    drawProgress(pen, { layout: { width, height }, marks });
    drawBadge(pen, node, { marks, header });
  }
  const [failed, running] = [hasFailed(marks), marks?.status?.state === 'running'];
  if (!failed && !running) return;
  const box = { x: 0, y: -header, width, height: height + header };
  drawEdge(pen, box, { selected: false, dashed: false, failed, running, calm: true });
}

/** The picture, plot or text of a node, in the room below its widgets. */
function drawShown(pen: Pen, node: HostNode, showing: Showing): void {
  const spec = showing.specOf(node);
  const room = spec === undefined ? 0 : roomFor(spec);
  if (room === 0) return;
  const top = node.computeSize()[1] - room;
  const box = { x: 10, y: top + 2, width: node.size[0] - 20, height: node.size[1] - top - 12 };
  if (box.width > 10 && box.height > 10) drawWell(pen, showing, { node, box });
}

function drawBadge(pen: Pen, node: HostNode, { marks, header }: { readonly marks: NodeMarks | undefined; readonly header: number }): void {
  const badge = badgeOf(marks);
  if (badge === '' || !isLegible(fonts.small, pen.scale)) return;
  const letters = font(fonts.small);
  const taken = header + pen.words.width(node.title, font(14)) + pen.words.width(badge, letters) + 18;
  if (taken > node.size[0]) return;
  write(pen, badge, [node.size[0] - 10, -header / 2], { font: letters, colour: pen.theme.secondary, align: 'right' });
}

function drawFailure(pen: Pen, { node, showing }: Scene): void {
  if (showing.specOf(node) === undefined) return;
  const marks = showing.marks.get(String(node.id));
  if (!hasFailed(marks)) return;
  const height = isCollapsed(node) ? 0 : node.size[1];
  pen.ctx.save();
  pen.ctx.translate(node.pos[0], node.pos[1]);
  drawSentence(pen, { layout: { width: node.size[0], height }, marks });
  pen.ctx.restore();
}
