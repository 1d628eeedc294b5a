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
import type { LastPreview, NodeResult, RecordedFrame } from './cache.ts';
import { besideEachOther, isKept } from './recorder.ts';

/**
 * An event of a run. A step may come with a thunk for its picture, and so may the end of a cached node, for how its last step looked. In
 * a recorded run a step comes with its frame, the end of a cached node with all of them.
 */
export type LiveEvent = RunEvent & {
  readonly preview?: () => Picture | Promise<Picture>;
  readonly last?: LastPreview;
  readonly frames?: readonly RecordedFrame[];
};

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
  { definition, wiring, context, record }: { definition: NodeDefinition; wiring: Wiring; context: RunContext; record: boolean },
): AsyncGenerator<LiveEvent, NodeResult, void> {
  const shown: Content[] = [];
  const frames: RecordedFrame[] = [];
  let last: LastPreview | undefined;
  const started = performance.now();
  const running = definition.run(gather(task, definition, wiring), context);
  if (!isGenerator(running)) return { outputs: await running, shown };
  try {
    for (let next = await running.next(); ; next = await running.next()) {
      if (next.done) return { outputs: next.value, shown, ...(last === undefined ? {} : { last }), ...(record ? { frames } : {}) };
      const event = next.value;
      if (event.kind === 'show') {
        shown.push(event.content);
        yield { type: 'shown', node: task.id, content: event.content };
      } else {
        const { index, total, preview } = event;
        if (preview !== undefined) last = { index, total, preview };
        const step = stepEvent(task.id, event, performance.now() - started);
        const frame = record ? frameOf(event) : undefined;
        if (frame !== undefined) frames.push(frame);
        yield frame === undefined ? step : { ...step, frames: [frame] };
      }
      context.signal.throwIfAborted();
    }
  } finally {
    await running.return({});
  }
}

/** How a step looks, if it can be recorded and is one of those that are kept. */
function frameOf({ index, total, sigma, record }: Extract<NodeEvent, { kind: 'step' }>): RecordedFrame | undefined {
  if (record === undefined || !isKept(index, total)) return undefined;
  const { noisy, noise, clean } = record();
  return { index, total, ...(sigma === undefined ? {} : { sigma }), picture: besideEachOther([noisy, noise, clean]) };
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
