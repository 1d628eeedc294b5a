import { type Problem, typesFit } from '../../nodes/kit/index.ts';
import { closesCircle, type HostNode, linkOf } from '../plugin/host.ts';
import { slotType } from '../plugin/node-class.ts';
import { type Desk, idOf, type Plug } from './desk.ts';
import { carriedType } from './plugs.ts';
import { typeInWords } from './type-words.ts';

const named = ({ title }: HostNode): string => `“${title}”`;

/** Why an output may not feed an input, or undefined if it may. */
export function faultOf(desk: Desk, output: Plug, input: Plug): Problem | undefined {
  const place = { node: idOf(input.node), port: input.name };
  if (output.side !== 'output' || input.side !== 'input') {
    return {
      code: 'bad-link',
      message: `A wire leads from an output to an input. Let it go on ${output.side === 'input' ? 'an output' : 'an input'}.`,
      ...place,
    };
  }
  if (output.node === input.node || closesCircle(output.node, input.node)) {
    const message = `This wire would close a circle: ${named(input.node)} already feeds ${named(output.node)}, or is the same node. Nothing in a circle could ever run.`;
    return { code: 'cycle', message, ...place };
  }
  const [from, to] = [carriedType(desk, output), carriedType(desk, input)];
  if (typesFit(from, to)) return undefined;
  const message = `${named(input.node)} takes ${typeInWords(to)} at “${labelOf(desk, input)}”, and this wire carries ${typeInWords(from)}.`;
  return { code: 'wrong-type', message, ...place };
}

const labelOf = (desk: Desk, { node, name }: Plug): string => {
  const port = desk.specOf(node)?.inputs.find((found) => found.name === name);
  return port?.label?.trim() || name;
};

/** Joins an output to an input after {@link faultOf} found nothing; a wire that was there gives way. */
export function join(desk: Desk, output: Plug, input: Plug): void {
  const slot = input.slot ?? openField(desk, input.node, input.name);
  if (output.slot === undefined || slot === undefined) return;
  const size = sizeOf(output.node, input.node);
  output.node.connect(output.slot, input.node, slot);
  size.restore();
  desk.redraw();
}

/** Takes the wire of an input away; a field gets its own value back. */
export function unplug(desk: Desk, node: HostNode, slot: number): void {
  const size = sizeOf(node);
  const input = node.inputs[slot];
  node.disconnectInput(slot);
  const port = desk.specOf(node)?.inputs.find(({ name }) => name === input?.name);
  if (port?.widget !== undefined) removeInput(desk, node, slot);
  size.restore();
  desk.redraw();
}

/** Gives a field a slot of its own, for its value to come from a wire. */
function openField(desk: Desk, node: HostNode, name: string): number | undefined {
  const port = desk.specOf(node)?.inputs.find((found) => found.name === name);
  if (port === undefined) return undefined;
  const known = node.inputs.findIndex((input) => input.name === name);
  if (known >= 0) return known;
  const size = sizeOf(node);
  node.addInput(name, slotType(port), { label: port.label ?? name });
  size.restore();
  return node.inputs.length - 1;
}

/** Slots behind a removed one move up, and their wires with them. */
function removeInput(desk: Desk, node: HostNode, slot: number): void {
  node.inputs.splice(slot, 1);
  for (let index = slot; index < node.inputs.length; index++) {
    const link = linkOf(desk.graph, node.inputs[index]?.link);
    if (link !== undefined) link.target_slot = index;
  }
}

/** litegraph gives nodes a size of its own whenever slots change. */
function sizeOf(...nodes: readonly HostNode[]): { restore(): void } {
  const sizes = nodes.map((node) => [node, [node.size[0], node.size[1]] as [number, number]] as const);
  return {
    restore() {
      for (const [node, size] of sizes) node.size = size;
    },
  };
}
