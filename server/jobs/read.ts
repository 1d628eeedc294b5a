import { createHash } from 'node:crypto';
import { type Catalogue, GraphError, type Problem, toProblem } from '../../nodes/kit/index.ts';
import { parseJson, plan, readWorkflow, stringifyJson, validate, writeGraph } from '../../workflows/index.ts';
import type { NodeId } from '../../workflows/types.ts';
import type { Submission } from './jobs.ts';

/** A run as it is asked for: the document as text or already parsed. */
export interface RunWish {
  readonly id?: string | undefined;
  readonly workflow: unknown;
  readonly targets?: readonly NodeId[] | undefined;
  readonly fresh?: boolean | undefined;
}

/** A document that can be run, or every reason why not. */
export type Reading =
  | { readonly submission: Submission; readonly warnings: readonly Problem[] }
  | { readonly problems: readonly Problem[] };

/** Identifies what a wish asks for; layout of the JSON does not matter, order of keys does. */
export function digestOf(wish: RunWish): string {
  const { workflow, targets = [], fresh = false } = wish;
  const content = typeof workflow === 'string' ? parseJson(workflow) : workflow;
  return createHash('sha256')
    .update(stringifyJson({ workflow: content, targets, fresh }))
    .digest('hex');
}

/** Reads, validates and plans a document. Never throws. */
export function readWish(wish: RunWish, catalogue: Catalogue): Reading {
  try {
    const { workflow, graph, warnings } = readWorkflow(wish.workflow, catalogue);
    const problems = validate(workflow, catalogue);
    if (problems.length > 0) return { problems };
    const { targets } = wish;
    const unknown = (targets ?? []).filter((target) => !workflow.nodes.has(target));
    if (unknown.length > 0) return { problems: unknown.map(unknownTarget) };
    const planned = plan(workflow, catalogue, targets === undefined ? {} : { targets });
    if (planned.problems.length > 0) return { problems: planned.problems };
    const document = graph === undefined ? undefined : writeGraph(graph);
    const request = {
      workflow,
      ...(document === undefined ? {} : { document }),
      ...(targets === undefined ? {} : { targets }),
      ...(wish.fresh === true ? { fresh: true } : {}),
    };
    const bytes = document?.length ?? stringifyJson(wish.workflow).length;
    const submission = { ...(wish.id === undefined ? {} : { id: wish.id }), digest: digestOf(wish), bytes, request };
    return { submission, warnings };
  } catch (thrown) {
    return { problems: [toProblem(thrown)] };
  }
}

const unknownTarget = (node: NodeId): Problem =>
  new GraphError('unknown-node', `There is no node ${node} to run up to. Name a node of the workflow in “targets”.`, { place: { node } });
