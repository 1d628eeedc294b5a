import type { HostNode } from '../../plugin/host.ts';
import { withAlpha } from '../colour.ts';
import { type Desk, idOf } from '../desk.ts';
import type { NodeMarks } from '../marks.ts';
import { font, fonts, isLegible, leastText, measures } from '../measures.ts';
import { type Box, isBend, type NodeLayout } from '../node-layout.ts';
import { carriedType, type Fitting, plugsOf } from '../plugs.ts';
import { ownHeader, type Theme } from '../theme.ts';
import { badgeOf, progressOf } from './badge.ts';
import { drawField } from './fields.ts';
import { drawSign } from './icons.ts';
import { drawEdge } from './outline.ts';
import { fillBox, type Pen, write } from './pen.ts';
import { drawDot, drawPortNames } from './ports.ts';
import { drawFarNote, drawSmallTitle } from './small-title.ts';
import { drawWell } from './well.ts';

/** What is needed to draw one node. */
export interface NodeScene {
  readonly node: HostNode;
  readonly layout: NodeLayout;
  readonly marks: NodeMarks | undefined;
  readonly selected: boolean;
  /** Ends that fit the one under the pointer; undefined when none is. */
  readonly fitting: Fitting | undefined;
}

/** The colour of a node's header: its own, or its shelf's. */
export function headerColour(desk: Desk, node: HostNode, theme: Theme): string {
  return node.color === undefined ? theme.header[desk.specOf(node)?.category ?? 'unknown'] : ownHeader(node.color, theme);
}

/** Is a node drawn without a body: collapsed, or a bend of a wire? */
export const isBare = (desk: Desk, node: HostNode): boolean => node.flags.collapsed === true || isBend({ node, spec: desk.specOf(node) });

/** What is written on a node that has room for one word: its title; on a bend that has none of its own, what flows through it. */
export function labelFor(desk: Desk, node: HostNode): string {
  const spec = desk.specOf(node);
  if (!isBend({ node, spec }) || node.title !== spec?.title) return node.title;
  const type = carriedType(desk, { node, side: 'output', slot: 0, type: '*' });
  return type === '*' ? '' : (type.split(',')[0] ?? '');
}

/** Draws a node at its place. */
export function drawNode(pen: Pen, desk: Desk, scene: NodeScene): void {
  const { ctx } = pen;
  const { node } = scene;
  ctx.save();
  ctx.translate(node.pos[0], node.pos[1]);
  if (node.mode === 2) ctx.globalAlpha *= 0.4;
  if (node.mode === 4) ctx.globalAlpha *= 0.75;
  if (isOff(scene)) ctx.globalAlpha *= 0.3;
  if (isBare(desk, node)) drawCollapsed(pen, desk, scene);
  else drawOpen(pen, desk, scene);
  ctx.restore();
}

/** Nothing of this node fits what is under the pointer. */
const isOff = ({ fitting, node }: NodeScene): boolean => fitting !== undefined && fitting.reference.node !== node && !fitting.any(node);

function drawOpen(pen: Pen, desk: Desk, scene: NodeScene): void {
  const { ctx, theme } = pen;
  const { layout, node } = scene;
  const { header, radius } = measures;
  const box = { x: 0, y: -header, width: layout.width, height: layout.height + header };
  const detailed = isLegible(fonts.node, pen.scale);
  fillBox(pen, { ...box, y: box.y + 2 }, { colour: theme.shadow, radius: radius + 1 });
  fillBox(pen, box, { colour: theme.node, radius });
  fillBox(pen, { ...box, height: header }, { colour: headerColour(desk, node, theme), radius: [radius, radius, 0, 0] });
  if (detailed) {
    drawHeaderText(pen, desk, scene);
    drawPortNames(pen, layout);
    for (const field of layout.fields) drawField(pen, node, field, fieldLook(desk, scene, field.port.name));
  }
  if (layout.well !== undefined) drawWell(pen, desk, { node, box: layout.well });
  drawProgress(pen, scene);
  drawEdge(pen, box, edgeLook(desk, scene));
  drawDots(pen, desk, scene);
  if (!detailed) drawFar(pen, desk, { node, layout, box });
  ctx.globalAlpha = 1;
  if (scene.marks !== undefined) drawSentence(pen, scene);
}

/** What is written on a node that is too small for its fields: the text of a note, the title of any other. */
function drawFar(pen: Pen, desk: Desk, { node, layout, box }: Pick<NodeScene, 'node' | 'layout'> & { readonly box: Box }): void {
  const text = desk.specOf(node)?.type === 'Note' ? node.properties.text : undefined;
  const inner = { ...box, y: 0, height: layout.height };
  if (typeof text === 'string' && text !== '') drawFarNote(pen, text, inner);
  else drawSmallTitle(pen, node.title, { box, band: layout.well === undefined ? undefined : headerColour(desk, node, pen.theme) });
}

function edgeLook(desk: Desk, { node, marks, selected }: NodeScene): Parameters<typeof drawEdge>[2] {
  return {
    selected,
    failed: marks?.status?.state === 'failed' || (marks?.problems.length ?? 0) > 0,
    running: marks?.status?.state === 'running',
    dashed: node.mode === 4 || desk.specOf(node) === undefined,
    calm: desk.calm,
  };
}

function fieldLook(desk: Desk, { node, marks }: NodeScene, port: string): Parameters<typeof drawField>[3] {
  const { hover, editing } = desk.doing;
  return {
    hovered: hover.kind === 'field' && hover.node === node && hover.field.port.name === port,
    failed: marks?.problems.some((problem) => problem.port === port) === true,
    editing: editing?.node === node && editing.port === port,
    upload: desk.options.upload !== undefined,
    axis: desk.axes.get(`${idOf(node)}.${port}`),
  };
}

function drawHeaderText(pen: Pen, desk: Desk, { node, layout, marks }: NodeScene): void {
  const { theme, words } = pen;
  const title = font(fonts.node, 600);
  const small = font(Math.max(fonts.small, leastText / pen.scale));
  const y = -measures.header / 2;
  const failed = (marks?.problems.length ?? 0) > 0 || marks?.status?.state === 'failed';
  const badge = badgeOf(marks);
  let right = layout.width - 10;
  if (failed) {
    drawSign(pen, 'warning', { x: right - 6, y, colour: theme.danger });
    right -= 20;
  } else if (badge !== '' && words.width(node.title, title) + words.width(badge, small) + 28 <= layout.width) {
    write(pen, badge, [right, y], { font: small, colour: withAlpha(theme.text, 0.72), align: 'right' });
    right -= words.width(badge, small) + 8;
  }
  if (node.flags.pinned === true) {
    drawSign(pen, 'pin', { x: right - 6, y, colour: withAlpha(theme.text, 0.72), size: 13 });
    right -= 18;
  }
  if (desk.doing.editing?.node === node && desk.doing.editing.port === '') return;
  write(pen, words.fit(node.title, title, right - 10), [10, y], { font: title, colour: theme.text });
}

/** What runs say of a node, and its size. */
export interface RunScene {
  readonly layout: Pick<NodeLayout, 'width' | 'height'>;
  readonly marks: NodeMarks | undefined;
}

/** A bar along the top edge of a running node's body. */
export function drawProgress(pen: Pen, { layout, marks }: RunScene): void {
  const share = progressOf(marks);
  if (share === undefined) return;
  const { ctx, theme } = pen;
  ctx.fillStyle = withAlpha(theme.accent, 0.2);
  ctx.fillRect(0.5, 0, layout.width - 1, 3);
  ctx.fillStyle = theme.accent;
  ctx.fillRect(0.5, 0, (layout.width - 1) * share, 3);
}

function drawDots(pen: Pen, desk: Desk, { node, layout, marks, fitting }: NodeScene): void {
  const { hover } = desk.doing;
  const [x, y] = [node.pos[0], node.pos[1]];
  const fields = new Map(layout.fields.map((field) => [field.port.name, field]));
  for (const plug of plugsOf(desk, node)) {
    const field = plug.side === 'input' ? fields.get(plug.name) : undefined;
    const wanted = fitting?.fits(plug) === true;
    if (field !== undefined && field.slot === undefined && !wanted) continue;
    const spot = (plug.side === 'input' ? layout.inputs : layout.outputs).find(({ slot }) => slot === plug.slot);
    drawDot(pen, [plug.at[0] - x, plug.at[1] - y], {
      type: carriedType(desk, plug).split(',')[0] ?? '*',
      hollow: field === undefined ? spot?.optional === true && !spot.linked : field.slot === undefined,
      wanted,
      hovered: hover.kind === 'plug' && hover.node === node && hover.plug.side === plug.side && hover.plug.name === plug.name,
      failed: plug.side === 'input' && marks?.problems.some((problem) => problem.port === plug.name) === true,
    });
  }
}

function drawCollapsed(pen: Pen, desk: Desk, scene: NodeScene): void {
  const { node, layout, marks } = scene;
  const { header } = measures;
  const box = { x: 0, y: -header, width: layout.width, height: header };
  fillBox(pen, { ...box, y: box.y + 2 }, { colour: pen.theme.shadow, radius: measures.radius + 1 });
  fillBox(pen, box, { colour: headerColour(desk, node, pen.theme), radius: measures.radius });
  const bend = isBend({ node, spec: desk.specOf(node) });
  if (bend || !isLegible(fonts.node, pen.scale)) drawSmallTitle(pen, labelFor(desk, node), { box, band: undefined });
  else drawHeaderText(pen, desk, scene);
  drawEdge(pen, box, edgeLook(desk, scene));
  const drawn = new Set<string>();
  for (const plug of plugsOf(desk, node)) {
    if (drawn.has(plug.side)) continue;
    drawn.add(plug.side);
    const type = bend ? (carriedType(desk, plug).split(',')[0] ?? '*') : '*';
    const look = {
      type,
      hollow: false,
      wanted: scene.fitting?.fits(plug) === true,
      hovered: false,
      failed: (marks?.problems.length ?? 0) > 0,
    };
    drawDot(pen, [plug.side === 'input' ? 0 : layout.width, -header / 2], look);
  }
}

/** The sentence of a failure, under the node. */
export function drawSentence(pen: Pen, { layout, marks }: RunScene): void {
  const problem = marks?.problems[0];
  const message = problem?.message ?? (marks?.status?.state === 'failed' ? marks.status.reason : undefined);
  if (message === undefined || !isLegible(fonts.node, pen.scale)) return;
  const plain = font(fonts.node);
  const width = Math.max(layout.width, 240);
  const lines = pen.words.wrap(message, plain, { room: width - 20, most: 6 });
  const box = { x: 0, y: layout.height + 8, width, height: lines.length * 17 + 14 };
  fillBox(pen, box, { colour: pen.theme.node, radius: measures.radius });
  fillBox(pen, box, { colour: withAlpha(pen.theme.danger, 0.13), radius: measures.radius });
  fillBox(pen, { ...box, width: 3 }, { colour: pen.theme.danger, radius: [measures.radius, 0, 0, measures.radius] });
  for (const [index, line] of lines.entries())
    write(pen, line, [12, box.y + 7 + (index + 0.5) * 17], { font: plain, colour: pen.theme.text });
}
