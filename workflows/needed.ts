import type { Catalogue } from '../nodes/kit/index.ts';
import { specOfType } from './node-types.ts';
import type { NodeId, Workflow, WorkflowNode } from './types.ts';
import type { Wiring } from './wiring.ts';

/** Nodes of mode `always` whose results are seen or kept: where every run starts from. */
export const visibleNodes = (workflow: Workflow, catalogue: Catalogue): readonly WorkflowNode[] =>
  [...workflow.nodes.values()].filter((node) => node.mode === 'always' && specOfType(node.type, catalogue)?.effect !== undefined);

/** All that must run for these nodes, themselves included; what is skipped is left out. Linear, without recursion. */
export function neededFor(roots: readonly NodeId[], wiring: Wiring): ReadonlySet<NodeId> {
  const needed = new Set<NodeId>();
  const open = roots.filter((id) => !wiring.skipped.has(id));
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (needed.has(id)) continue;
    needed.add(id);
    for (const source of wiring.sources.get(id)?.values() ?? []) {
      if ('link' in source && !wiring.skipped.has(source.link.node)) open.push(source.link.node);
    }
  }
  return needed;
}
