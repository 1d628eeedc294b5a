import type { PortSpec } from '../../nodes/kit/index.ts';
import { bareType, type Mode } from '../../workflows/index.ts';
import type { InputView, NodeView } from '../graph-view.ts';
import { type HostNode, linkOf } from '../plugin/host.ts';
import { type Desk, idOf } from './desk.ts';
import { fieldValue, seedControlOf } from './values.ts';

/** litegraph's numbers of the modes. */
export const modeNumbers: Readonly<Record<Mode, 0 | 2 | 4>> = { always: 0, mute: 2, bypass: 4 };

/** A node as the panels show it. */
export function viewNode(desk: Desk, node: HostNode): NodeView {
  const spec = desk.specOf(node);
  const hasSeed = spec?.inputs.some(({ widget }) => widget?.kind === 'seed') === true;
  return {
    id: idOf(node),
    type: bareType(node.type),
    title: node.title,
    known: spec !== undefined,
    mode: node.mode === 2 ? 'mute' : node.mode === 4 ? 'bypass' : 'always',
    collapsed: node.flags.collapsed === true,
    pinned: node.flags.pinned === true,
    inputs: (spec?.inputs ?? node.inputs.map(foreignPort)).map((port) => viewInput(desk, node, port)),
    outputs: spec?.outputs ?? node.outputs.map(foreignPort),
    ...(hasSeed ? { seedControl: seedControlOf(node) } : {}),
  };
}

const foreignPort = ({ name, type }: { readonly name: string; readonly type: string | number }): PortSpec => ({
  name,
  type: String(type),
  help: '',
});

function viewInput({ graph }: Desk, node: HostNode, port: PortSpec): InputView {
  const link = linkOf(graph, node.inputs.find(({ name }) => name === port.name)?.link);
  const value = port.widget === undefined ? undefined : fieldValue(node, port);
  return {
    port,
    ...(value === undefined ? {} : { value }),
    ...(link === undefined ? {} : { link: { node: String(link.origin_id), output: link.origin_slot } }),
  };
}
