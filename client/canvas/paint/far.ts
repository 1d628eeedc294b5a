import { withAlpha } from '../colour.ts';
import type { Desk } from '../desk.ts';
import { measures } from '../measures.ts';
import { headerColour, isBare, labelFor, type NodeScene } from './node.ts';
import type { Pen } from './pen.ts';
import { drawSmallTitle } from './small-title.ts';
import { drawWell, picturesOf } from './well.ts';

/** Draws a node as it looks from far away: its colours, its title, what it shows, and how it stands. */
export function drawFarNode(pen: Pen, desk: Desk, scene: NodeScene): void {
  const { ctx, theme, scale } = pen;
  const { node, layout } = scene;
  const { header } = measures;
  const [x, y] = [node.pos[0], node.pos[1]];
  const body = isBare(desk, node) ? 0 : layout.height;
  const rim = 1 / scale;
  const alpha = ctx.globalAlpha;
  ctx.globalAlpha *= node.mode === 2 ? 0.4 : node.mode === 4 ? 0.75 : 1;
  const edge = edgeColour(scene);
  ctx.fillStyle = edge === 'border' ? theme.border : edge === 'failed' ? theme.danger : theme.accent;
  const wide = edge === 'border' ? rim : 2.5 * rim;
  ctx.fillRect(x - wide, y - header - wide, layout.width + 2 * wide, header + body + 2 * wide);
  ctx.fillStyle = theme.node;
  if (body > 0) ctx.fillRect(x, y, layout.width, body);
  const colour = headerColour(desk, node, theme);
  ctx.fillStyle = colour;
  ctx.fillRect(x, y - header, layout.width, header);
  ctx.translate(x, y);
  const shows = layout.well !== undefined && body > 0 && hasContent(desk, scene);
  if (layout.well !== undefined && shows) drawWell(pen, desk, { node, box: layout.well });
  drawSmallTitle(pen, labelFor(desk, node), {
    box: { x: 0, y: -header, width: layout.width, height: header + body },
    band: layout.well === undefined || body === 0 ? undefined : colour,
  });
  ctx.translate(-x, -y);
  ctx.globalAlpha = alpha;
  if (edge === 'running') {
    ctx.fillStyle = withAlpha(theme.accent, 0.25);
    ctx.fillRect(x, y - header, layout.width, header + body);
  }
}

const hasContent = (desk: Desk, { node, marks }: NodeScene): boolean =>
  marks?.plot !== undefined || marks?.text !== undefined || picturesOf(desk, node).pictures.length > 0;

function edgeColour({ marks, selected }: NodeScene): 'failed' | 'running' | 'selected' | 'border' {
  if ((marks?.problems.length ?? 0) > 0 || marks?.status?.state === 'failed') return 'failed';
  if (marks?.status?.state === 'running') return 'running';
  return selected ? 'selected' : 'border';
}

/** Can the plain look tell all there is to be seen? A node that is not known is dashed, and one that does not fit steps back. */
export const isPlain = (desk: Desk, { fitting, node }: NodeScene): boolean => fitting === undefined && desk.specOf(node) !== undefined;
