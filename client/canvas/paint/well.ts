import type { NodeSpec } from '../../../nodes/kit/index.ts';
import { bareType } from '../../../workflows/index.ts';
import type { HostNode } from '../../plugin/host.ts';
import { withAlpha } from '../colour.ts';
import type { Desk } from '../desk.ts';
import { idOf } from '../desk.ts';
import type { NodeMarks } from '../marks.ts';
import { font, fonts, isLegible, leastText } from '../measures.ts';
import type { Box } from '../node-layout.ts';
import { drawSign } from './icons.ts';
import { drawCompared, drawLabelled } from './labelled.ts';
import { fillBox, type Pen, write } from './pen.ts';
import { containedIn, type Drawable, drawPictures, drawSize, gridOf } from './pictures.ts';
import { drawPlot } from './plot.ts';

/** The port whose value names a picture of the input folder. */
export const picturePort = (spec: NodeSpec | undefined): string | undefined =>
  spec?.inputs.find(({ widget }) => widget?.kind === 'choice' && widget.source === 'input-images')?.name;

/** The parts of a desk that say what nodes show; hosts that are not ours have them too. */
export type Showing = Pick<Desk, 'marks' | 'inputs' | 'doing' | 'specOf'>;

/** What a node shows, in the order of what came last. */
export function picturesOf(desk: Showing, node: HostNode): { readonly pictures: readonly Drawable[]; readonly faded: boolean } {
  const marks = desk.marks.get(idOf(node));
  const running = marks?.status?.state === 'running';
  const shown = marks?.pictures.flatMap(({ bitmap }) => bitmap ?? []) ?? [];
  if (marks?.preview !== undefined && (running || shown.length === 0)) return { pictures: [marks.preview], faded: marks.stale };
  if (shown.length > 0) return { pictures: shown, faded: marks?.stale === true };
  const port = picturePort(desk.specOf(node));
  const chosen = port === undefined ? undefined : node.properties[port];
  if (typeof chosen !== 'string' || chosen === '') return { pictures: [], faded: false };
  const picture = desk.inputs.get(chosen);
  return { pictures: typeof picture === 'string' ? [] : [picture], faded: false };
}

/** Draws what a node shows: pictures, a plot, a text, or what will be there. */
export function drawWell(pen: Pen, desk: Showing, { node, box }: { readonly node: HostNode; readonly box: Box }): void {
  const spec = desk.specOf(node);
  const marks = desk.marks.get(idOf(node));
  if (spec === undefined) drawUnknown(pen, node, box);
  else if (marks?.plot !== undefined) drawPlot(pen, marks.plot, box);
  else if (marks?.text !== undefined) drawText(pen, desk, { node, box, text: marks.text });
  else drawPictureWell(pen, desk, { node, box });
}

/** What a node says, below its pictures if it has some. */
function drawText(
  pen: Pen,
  desk: Showing,
  { node, box, text }: { readonly node: HostNode; readonly box: Box; readonly text: string },
): void {
  const foot = picturesOf(desk, node).pictures.length === 0 ? box.height : Math.min(0.4 * box.height, 3 * textStep(pen) + 10);
  const above = box.height - foot;
  if (above > 0) drawPictureWell(pen, desk, { node, box: { ...box, height: above } });
  drawLines(pen, text, { box: { ...box, y: box.y + above, height: foot }, colour: pen.theme.text });
}

function drawPictureWell(pen: Pen, desk: Showing, { node, box }: { readonly node: HostNode; readonly box: Box }): void {
  const { pictures, faded } = picturesOf(desk, node);
  if (pictures.length === 0) {
    drawEmpty(pen, desk.marks.get(idOf(node)), box);
    return;
  }
  const marks = desk.marks.get(idOf(node));
  const { hover } = desk.doing;
  const [first, second] = pictures;
  // While it runs, a preview stands in the place of what belongs to the words.
  const own = first !== undefined && first !== marks?.preview;
  if (own && marks?.compare === true && second !== undefined) {
    const share = hover.kind === 'well' && hover.node === node ? hover.across : 0.5;
    drawCompared(pen, [first, second], { box, names: marks.labels?.columns ?? [], share, faded });
    return;
  }
  if (own && marks?.labels !== undefined) {
    drawLabelled(pen, first, { box, labels: marks.labels, faded });
    return;
  }
  drawPictures(pen, pictures, { box, faded });
  if (hover.kind !== 'well' || hover.node !== node) return;
  const places = gridOf(box, pictures.length);
  for (const [index, picture] of pictures.entries()) {
    drawSize(pen, picture, containedIn(places[index] ?? box, picture.width, picture.height));
  }
}

function drawEmpty(pen: Pen, marks: NodeMarks | undefined, box: Box): void {
  fillBox(pen, box, { colour: withAlpha(pen.theme.field, 0.6) });
  const failed = marks?.pictures.some((picture) => picture.failed === true) === true;
  if (failed) drawLines(pen, 'The picture could not be loaded.', { box, colour: pen.theme.secondary });
  else
    drawSign(pen, 'picture', {
      x: box.x + box.width / 2,
      y: box.y + box.height / 2,
      colour: withAlpha(pen.theme.secondary, 0.35),
      size: 26,
    });
}

function drawUnknown(pen: Pen, node: HostNode, box: Box): void {
  const type = bareType(node.type);
  const text = `“${type}” is not known here. Its place, wires and values are kept; install what defines it, or replace it.`;
  drawLines(pen, text, { box, colour: pen.theme.secondary });
}

/** Text in a node grows up to this size when the graph is seen from far. */
const largestText = 30;

const textSize = (pen: Pen): number => Math.min(Math.max(fonts.node, leastText / pen.scale), largestText);
const textStep = (pen: Pen): number => 1.3 * textSize(pen);

/** Writes wrapped text into a box, as much as fits. */
export function drawLines(pen: Pen, text: string, { box, colour }: { readonly box: Box; readonly colour: string }): void {
  const size = textSize(pen);
  if (!isLegible(size, pen.scale)) return;
  fillBox(pen, box, { colour: pen.theme.field });
  const plain = font(size);
  const step = textStep(pen);
  const most = Math.max(1, Math.floor((box.height - 10) / step));
  pen.words.wrap(text, plain, { room: box.width - 16, most }).forEach((line, index) => {
    write(pen, line, [box.x + 8, box.y + 5 + (index + 0.5) * step], { font: plain, colour });
  });
}
