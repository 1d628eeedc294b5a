import {
  type Content,
  GraphError,
  type NodeDefinition,
  type NodeEvent,
  type Picture,
  parseValue,
  type RunContext,
  type RunResult,
  toProblem,
} from '../../nodes/kit/index.ts';
import type { Ports } from '../../nodes/kit/ports.ts';
import type { NodeId, RunEvent, Task } from '../../workflows/index.ts';
import type { LastPreview, NodeResult } from './cache.ts';

/** An event of a run. A step may come with a thunk for its picture, and so may the end of a cached node, for how its last step looked. */
export type LiveEvent = RunEvent & { readonly preview?: () => Picture; readonly last?: LastPreview };

/** Results of this run by node. */
export type Results = ReadonlyMap<NodeId, NodeResult>;

/** The values for `run`: literals as planned, wires as they came, checked where the port has a widget. Throws with the port. */
function gather(task: Task, definition: NodeDefinition, { results, outputNames }: Wiring): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(task.inputs)) {
    if ('value' in input) values[name] = input.value;
    else {
      const port = definition.inputs[name];
      const output = outputNames(input.from)[input.output];
      const value = output === undefined ? undefined : results.get(input.from)?.outputs[output];
      try {
        values[name] = port === undefined ? value : parseValue(port, value);
      } catch (thrown) {
        throw thrown instanceof GraphError ? thrown.at({ port: name }) : thrown;
      }
    }
  }
  return values;
}

/** How wires are followed. */
export interface Wiring {
  readonly results: Results;
  /** Output names of a node of this plan, in order. */
  readonly outputNames: (node: NodeId) => readonly string[];
}

const isGenerator = (result: RunResult<Ports>): result is AsyncGenerator<NodeEvent, Record<string, unknown>, void> =>
  Symbol.asyncIterator in result;

/** Runs one node; yields its steps and what it shows, and returns its result. Throws what the node throws, with the node's place. */
export async function* runNode(
  task: Task,
  { definition, wiring, context }: { definition: NodeDefinition; wiring: Wiring; context: RunContext },
): AsyncGenerator<LiveEvent, NodeResult, void> {
  const shown: Content[] = [];
  let last: LastPreview | undefined;
  const started = performance.now();
  const running = definition.run(gather(task, definition, wiring), context);
  if (!isGenerator(running)) return { outputs: await running, shown };
  try {
    for (let next = await running.next(); ; next = await running.next()) {
      if (next.done) return { outputs: next.value, shown, ...(last === undefined ? {} : { last }) };
      const event = next.value;
      if (event.kind === 'show') {
        shown.push(event.content);
        yield { type: 'shown', node: task.id, content: event.content };
      } else {
        const { index, total, preview } = event;
        if (preview !== undefined) last = { index, total, preview };
        yield stepEvent(task.id, event, performance.now() - started);
      }
      context.signal.throwIfAborted();
    }
  } finally {
    await running.return({});
  }
}

/** `elapsed` ms went into the steps done; the rest will take as long a step. */
function stepEvent(node: NodeId, event: Extract<NodeEvent, { kind: 'step' }>, elapsed: number): LiveEvent {
  const { index, total, sigma, preview } = event;
  const left = index > 0 ? (elapsed / index) * (total - index) : undefined;
  return {
    type: 'step',
    node,
    index,
    total,
    ...(sigma === undefined ? {} : { sigma }),
    ...(left === undefined ? {} : { left }),
    ...(preview === undefined ? {} : { preview }),
  };
}

/** The problem of a node that threw. */
export const problemOf = (thrown: unknown, node: NodeId) => toProblem(thrown, { node });
