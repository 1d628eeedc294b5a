import type { NodeSpec, PortSpec } from '../../nodes/kit/index.ts';
import { showsPicture } from '../../workflows/index.ts';
import type { HostNode } from '../plugin/host.ts';
import { measures } from './measures.ts';

/** A rectangle, from the top left corner of a node's body. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a port is: its dot, and what is written beside it. */
export interface Spot {
  readonly slot: number;
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly help: string;
  readonly optional: boolean;
  readonly linked: boolean;
  readonly x: number;
  readonly y: number;
}

/** A value that is edited in the node. `slot` is its input if it is fed by a wire. */
export interface Field extends Box {
  readonly port: PortSpec;
  readonly slot: number | undefined;
  readonly multiline: boolean;
}

/** Where everything of a node is. */
export interface NodeLayout {
  readonly width: number;
  readonly height: number;
  readonly leastHeight: number;
  readonly inputs: readonly Spot[];
  readonly outputs: readonly Spot[];
  readonly fields: readonly Field[];
  /** For a picture, a plot, a text, or what is said of an unknown node. */
  readonly well: Box | undefined;
}

/** A node with what is known of its type. */
export interface Subject {
  readonly node: HostNode;
  readonly spec: NodeSpec | undefined;
}

const typeText = (type: string | number): string => (typeof type === 'string' && type !== '' ? type : '*');

/** Fields that show in the node; hidden ones show while they are wired. */
export function shownFields({ node, spec }: Subject): readonly PortSpec[] {
  return (spec?.inputs ?? []).filter((port) => port.widget !== undefined && (port.advanced !== true || isWired({ node, spec }, port)));
}

/** Has this node a place for what it shows? Unknown nodes say there what is missing. */
const hasWell = ({ spec }: Subject): boolean => spec === undefined || showsPicture(spec);

/** A drawing aid that is no more than a bend in a wire. */
export const isBend = ({ spec }: Subject): boolean => spec?.type === 'Reroute';

/** Where everything of a node is, for its present size. */
export function layoutNode(subject: Subject): NodeLayout {
  const { node, spec } = subject;
  const width = Math.max(measures.leastWidth, node.size[0]);
  const sockets = node.inputs.flatMap((input, slot) => (isSocket(spec, input.name) ? [slot] : []));
  const rows = Math.max(sockets.length, node.outputs.length);
  const ports = shownFields(subject);
  const top = measures.gap + rows * measures.portRow + (rows > 0 && ports.length > 0 ? 2 : 0);
  const fieldHeight = ports.reduce((sum, port) => sum + rowHeight(subject, port), 0);
  const well = hasWell(subject);
  const least = top + fieldHeight + (well ? measures.leastWell : 0) + measures.padding - (ports.length > 0 && !well ? 1 : 0);
  const height = Math.max(node.size[1], least);
  const spare = height - least;
  const fields = layoutFields(subject, { ports, top, width, spare: well ? 0 : spare });
  const from = top + fieldHeight + 2;
  return {
    width,
    height,
    leastHeight: least,
    inputs: sockets.map((slot, row) => inputSpot(subject, slot, row)),
    outputs: node.outputs.map((_, slot) => outputSpot(subject, slot, width)),
    fields,
    well: well
      ? { x: measures.padding, y: from, width: width - 2 * measures.padding, height: height - from - measures.padding }
      : undefined,
  };
}

const isSocket = (spec: NodeSpec | undefined, name: string): boolean =>
  spec?.inputs.find((port) => port.name === name)?.widget === undefined;

const isLong = (port: PortSpec): boolean => port.widget?.kind === 'text' && port.widget.multiline === true;

/** A text that comes over a wire needs no room to be read. */
const isWired = ({ node }: Subject, port: PortSpec): boolean => node.inputs.some(({ name, link }) => name === port.name && link !== null);

const rowHeight = (subject: Subject, port: PortSpec): number =>
  isLong(port) && !isWired(subject, port) ? measures.textLines * measures.textLine + 2 * measures.padding + 5 : measures.fieldRow;

const rowMiddle = (row: number): number => measures.gap + (row + 0.5) * measures.portRow;

function layoutFields(
  subject: Subject,
  at: { readonly ports: readonly PortSpec[]; readonly top: number; readonly width: number; readonly spare: number },
): readonly Field[] {
  let y = at.top;
  const last = at.ports.findLastIndex((port) => isLong(port) && !isWired(subject, port));
  return at.ports.map((port, index) => {
    const row = rowHeight(subject, port) + (index === last ? at.spare : 0);
    const found = subject.node.inputs.findIndex(({ name, link }) => name === port.name && link !== null);
    const box = { x: measures.padding, y, width: at.width - 2 * measures.padding, height: row - (measures.fieldRow - measures.field) };
    y += row;
    return { ...box, port, multiline: isLong(port), slot: found < 0 ? undefined : found };
  });
}

function inputSpot({ node, spec }: Subject, slot: number, row: number): Spot {
  const input = node.inputs[slot];
  const port = spec?.inputs.find(({ name }) => name === input?.name);
  const name = input?.name ?? '';
  return {
    slot,
    name,
    label: port?.label ?? name,
    type: port?.type ?? typeText(input?.type ?? '*'),
    help: port?.help ?? '',
    optional: port?.optional === true,
    linked: (input?.link ?? null) !== null,
    x: 0,
    y: rowMiddle(row),
  };
}

function outputSpot({ node, spec }: Subject, slot: number, width: number): Spot {
  const output = node.outputs[slot];
  const port = spec?.outputs[slot];
  const name = output?.name ?? '';
  return {
    slot,
    name,
    label: port?.label ?? name,
    type: port?.type ?? typeText(output?.type ?? '*'),
    help: port?.help ?? '',
    optional: false,
    linked: (output?.links?.length ?? 0) > 0,
    x: width,
    y: rowMiddle(slot),
  };
}
