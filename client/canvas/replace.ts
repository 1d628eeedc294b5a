import { typesFit } from '../../nodes/kit/index.ts';
import { type HostNode, linkOf } from '../plugin/host.ts';
import { type Desk, idOf, nodeOf } from './desk.ts';
import { addNode, connectNodes, removeNodes } from './edits.ts';
import { inputType, outputType, plugsOf } from './plugs.ts';
import { putValue } from './values.ts';
import { join } from './wiring.ts';

/** Puts a node of another type in the place of one: values of the same name and wires that fit, by name or else by type, go over. */
export function replaceNode(desk: Desk, old: HostNode, type: string): HostNode {
  const node = addNode(desk, type, { at: [old.pos[0], old.pos[1] - desk.host.NODE_TITLE_HEIGHT], wire: undefined });
  node.mode = old.mode;
  for (const port of desk.specOf(node)?.inputs ?? []) {
    const value = old.properties[port.name];
    if (port.widget !== undefined && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'))
      putValue(node, port, value);
  }
  takeInputs(desk, old, node);
  takeOutputs(desk, old, node);
  removeNodes(desk, [old]);
  return node;
}

function takeInputs(desk: Desk, old: HostNode, node: HostNode): void {
  const taken = new Set<string>();
  for (const [slot, { name, link }] of old.inputs.entries()) {
    const wire = linkOf(desk.graph, link);
    const origin = wire === undefined ? undefined : nodeOf(desk, String(wire.origin_id));
    if (wire === undefined || origin === undefined) continue;
    const carried = outputType(desk, origin, wire.origin_slot);
    const fits = (desk.specOf(node)?.inputs ?? []).filter(
      (port) => !taken.has(port.name) && typesFit(carried === '*' ? inputType(desk, old, slot) : carried, port.type),
    );
    const goal = fits.find((port) => port.name === name) ?? fits.find((port) => port.widget === undefined);
    if (goal === undefined) continue;
    taken.add(goal.name);
    connectNodes(desk, { node: idOf(origin), output: wire.origin_slot }, { node: idOf(node), input: goal.name });
  }
}

function takeOutputs(desk: Desk, old: HostNode, node: HostNode): void {
  const outputs = plugsOf(desk, node).filter(({ side }) => side === 'output');
  for (const { name, links } of old.outputs) {
    for (const id of [...(links ?? [])]) {
      const wire = linkOf(desk.graph, id);
      const target = wire === undefined ? undefined : nodeOf(desk, String(wire.target_id));
      if (wire === undefined || target === undefined) continue;
      const wanted = inputType(desk, target, wire.target_slot);
      const fits = outputs.filter((plug) => typesFit(plug.type, wanted));
      const from = fits.find((plug) => plug.name === name) ?? fits[0];
      const into = plugsOf(desk, target).find(({ side, slot }) => side === 'input' && slot === wire.target_slot);
      if (from !== undefined && into !== undefined) join(desk, from, into);
    }
  }
}
