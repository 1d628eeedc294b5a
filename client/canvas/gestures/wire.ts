import type { GraphViewEvents } from '../../graph-view.ts';
import type { HostNode } from '../../plugin/host.ts';
import { linkOf } from '../../plugin/host.ts';
import { offersBetween } from '../converters.ts';
import { type Desk, idOf, looseWire, type Plug } from '../desk.ts';
import { hitTest, targetAt } from '../hit.ts';
import { carriedType, fittingTo, outputType, plugPoint, plugsOf } from '../plugs.ts';
import { typeInWords } from '../type-words.ts';
import { faultOf, join, unplug } from '../wiring.ts';
import type { Gesture, PointerAt } from './gesture.ts';

/** How near to a dot a wire snaps to it, in CSS px. */
const snapReach = 22;

/** Draws a wire from a dot. One that is taken from a wired input is lifted off it and keeps hanging on its output. */
export function dragWire(desk: Desk, plug: Plug): Gesture {
  const lifted = plug.side === 'input' && plug.slot !== undefined ? outputBehind(desk, plug.node, plug.slot) : undefined;
  const from = lifted ?? plug;
  const fitting = fittingTo(desk, from);
  let held = lifted === undefined;
  const lift = (): void => {
    if (held || plug.slot === undefined) return;
    held = true;
    unplug(desk, plug.node, plug.slot);
  };
  const drop = (): void => {
    delete desk.doing.wire;
    desk.doing.hover = { kind: 'nothing' };
    desk.redraw();
  };
  return {
    cursor: 'crosshair',
    move(at) {
      lift();
      const reach = snapReach / desk.surface.ds.scale;
      const target = targetAt(desk, fitting, { point: at.graph, reach });
      desk.doing.wire = { from: { ...from, type: carriedType(desk, from) }, to: at.graph, target };
      desk.redraw();
    },
    up(at, moved) {
      const target = desk.doing.wire?.target;
      drop();
      if (!moved) return;
      if (target !== undefined) finish(desk, { from, target, lifted: lifted === undefined ? undefined : plug });
      else letGo(desk, { from, at, lifted: lifted !== undefined });
    },
    cancel() {
      drop();
      const input = plugsOf(desk, plug.node).find(({ side, name }) => side === 'input' && name === plug.name);
      if (lifted !== undefined && held && input !== undefined) join(desk, lifted, input);
    },
  };
}

/** The output at the other end of an input's wire. */
function outputBehind(desk: Desk, node: HostNode, slot: number): Plug | undefined {
  const link = linkOf(desk.graph, node.inputs[slot]?.link);
  const origin = link === undefined ? undefined : desk.graph.getNodeById(link.origin_id);
  if (link === undefined || !origin) return undefined;
  return {
    node: origin,
    side: 'output',
    slot: link.origin_slot,
    name: origin.outputs[link.origin_slot]?.name ?? '',
    type: outputType(desk, origin, link.origin_slot),
    at: plugPoint(desk, origin, { side: 'output', slot: link.origin_slot }),
  };
}

function finish(
  desk: Desk,
  { from, target, lifted }: { readonly from: Plug; readonly target: Plug; readonly lifted: Plug | undefined },
): void {
  const [output, input] = from.side === 'output' ? [from, target] : [target, from];
  const same = linkOf(desk.graph, input.slot === undefined ? null : input.node.inputs[input.slot]?.link);
  const already = same !== undefined && same.origin_id === output.node.id && same.origin_slot === output.slot;
  if (!already) join(desk, output, input);
  const back = lifted !== undefined && lifted.node === input.node && lifted.name === input.name;
  if (!already && !back) desk.done(lifted === undefined ? 'Connect' : 'Move wire');
}

/** Let go where it fits nowhere: says why, or asks what should be put there. */
function letGo(desk: Desk, { from, at, lifted }: { readonly from: Plug; readonly at: PointerAt; readonly lifted: boolean }): void {
  const hit = hitTest(desk, at.graph, 14 / desk.surface.ds.scale);
  if (lifted) desk.done('Disconnect');
  if (hit.kind === 'nothing' || hit.kind === 'group') {
    if (!lifted) desk.events.emit('search', { graph: at.graph, screen: at.screen, wire: looseWire(from) });
    return;
  }
  if (hit.node === from.node && hit.kind !== 'plug') return;
  const plug = hit.kind === 'plug' && hit.plug.side !== from.side ? hit.plug : undefined;
  desk.events.emit('notice', refusal(desk, from, { node: hit.node, plug }));
}

/** Why the wire cannot go there, and which nodes would help. */
function refusal(desk: Desk, from: Plug, on: { readonly node: HostNode; readonly plug: Plug | undefined }): GraphViewEvents['notice'] {
  const candidates = on.plug === undefined ? plugsOf(desk, on.node).filter(({ side }) => side !== from.side) : [on.plug];
  const side = from.side === 'output' ? 'input' : 'output';
  if (candidates.length === 0) return { message: `“${on.node.title}” has no ${side}s that a wire could go on.` };
  const ends = (plug: Plug): readonly [Plug, Plug] => (from.side === 'output' ? [from, plug] : [plug, from]);
  const faults = candidates.map((plug) => faultOf(desk, ...ends(plug)));
  const circle = faults.find((fault) => fault?.code === 'cycle');
  if (circle !== undefined) return { message: circle.message };
  const own = on.plug !== undefined && faults[0] !== undefined ? faults[0].message : undefined;
  const message = own ?? `“${on.node.title}” has no ${side} for ${typeInWords(carriedType(desk, from))}.`;
  for (const plug of candidates) {
    const [output, input] = ends(plug);
    const offers = offersBetween(desk, output, input);
    if (offers.length === 0 || output.slot === undefined) continue;
    const between = { from: { node: idOf(output.node), output: output.slot }, to: { node: idOf(input.node), input: input.name } };
    return { message: `${message} ${offers.map(({ title }) => `“${title}”`).join(' or ')} makes one out of the other.`, between, offers };
  }
  return {
    message: `${message} ${own === undefined ? 'Let it go on a dot of the same colour.' : 'No node makes one out of the other: let it go on a dot of the same colour.'}`,
  };
}
