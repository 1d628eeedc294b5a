import type { Catalogue, Problem } from '../nodes/kit/index.ts';
import { checkAbsent, checkNode } from './check-node.ts';
import { describeNode } from './describe.ts';
import { sizeProblems } from './latent-sizes.ts';
import { didYouMean } from './nearest.ts';
import { neededFor, visibleNodes } from './needed.ts';
import { specOfType } from './node-types.ts';
import type { NodeId, Workflow } from './types.ts';
import { resolveWiring, type Wiring } from './wiring.ts';

/** What a run is limited to. */
export interface RunTargets {
  /** Run only what these nodes need. */
  readonly targets?: readonly NodeId[];
}

/** A workflow that has been looked through. */
export interface Inspection {
  readonly wiring: Wiring;
  /** Where the run starts from, skipped ones included. */
  readonly roots: readonly NodeId[];
  readonly needed: ReadonlySet<NodeId>;
  readonly problems: readonly Problem[];
}

/**
 * Every problem of a workflow at once, each naming the node, the port, what came, what was expected and what to do. Muted
 * and bypassed nodes are not judged. What is wrong is reported wherever it stands, what is missing only where it is
 * needed for a result, so that an unfinished corner does not stop the rest; with targets, only what they need counts.
 */
export const validate = (workflow: Workflow, catalogue: Catalogue, options: RunTargets = {}): readonly Problem[] =>
  inspect(workflow, catalogue, options).problems;

/** {@link validate}, with what it found out on the way. */
export function inspect(workflow: Workflow, catalogue: Catalogue, { targets }: RunTargets = {}): Inspection {
  const wiring = resolveWiring(workflow, catalogue);
  const roots = targets ?? visibleNodes(workflow, catalogue).map((node) => node.id);
  const needed = neededFor(roots, wiring);
  const judged = [...workflow.nodes.values()].filter((node) => node.mode === 'always' && (targets === undefined || needed.has(node.id)));
  const problems = [
    ...unknownTargets(targets ?? [], workflow),
    ...cycleProblems({ wiring, workflow, catalogue }, targets === undefined ? undefined : needed),
    ...judged.flatMap((node) => checkNode(node, { workflow, catalogue, sources: wiring.sources.get(node.id) ?? new Map() })),
    ...judged.flatMap((node) => (needed.has(node.id) ? checkAbsent(node, catalogue) : [])),
    ...sizeProblems({ wiring, workflow, catalogue, needed }),
  ];
  return { wiring, roots, needed, problems: [...problems, ...nothingToRun({ roots, needed, problems }, wiring)] };
}

interface Looking {
  readonly wiring: Wiring;
  readonly workflow: Workflow;
  readonly catalogue: Catalogue;
}

function cycleProblems({ wiring, workflow, catalogue }: Looking, only: ReadonlySet<NodeId> | undefined): readonly Problem[] {
  const cycles = wiring.cycles.filter((cycle) => only === undefined || cycle.some((id) => only.has(id)));
  return cycles.map((cycle): Problem => {
    const shown = cycle.length > 8 ? cycle.slice(0, 8) : [...cycle, ...cycle.slice(0, 1)];
    const names = shown.map((id) => {
      const node = workflow.nodes.get(id);
      return node === undefined ? id : describeNode(node, specOfType(node.type, catalogue));
    });
    const more = cycle.length > 8 ? `, and ${cycle.length - 8} more` : '';
    const message = `These nodes wait for each other in a circle: ${names.join(' needs ')}${more}. Remove one of the wires between them.`;
    return { code: 'cycle', message, node: cycle[0] };
  });
}

function unknownTargets(targets: readonly NodeId[], workflow: Workflow): readonly Problem[] {
  const unknown = targets.filter((id) => !workflow.nodes.has(id));
  return unknown.map((id) => {
    const message = `There is no node ${id} to run up to. Name a node of the workflow.${didYouMean(id, workflow.nodes.keys())}`;
    return { code: 'unknown-node', message, node: id };
  });
}

function nothingToRun(found: Pick<Inspection, 'roots' | 'needed' | 'problems'>, wiring: Wiring): readonly Problem[] {
  if (found.needed.size > 0 || found.problems.length > 0) return [];
  const reason = found.roots.map((id) => wiring.skipped.get(id)).find((skipped) => skipped !== undefined);
  if (reason !== undefined && found.roots[0] !== undefined) {
    const message = `Nothing is left to run: every node that would show or save something is skipped. The first one: ${reason}`;
    return [{ code: 'nothing-to-run', message, node: found.roots[0] }];
  }
  const message = 'There is nothing to run: no node shows or saves a result. Add PreviewImage or SaveImage, or take one out of mute.';
  return [{ code: 'nothing-to-run', message }];
}
