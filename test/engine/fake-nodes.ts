import { any, defineNode, image, int, type NodeDefinition, optional, specOf } from '../../nodes/kit/index.ts';
import { ResultCache } from '../../server/engine/cache.ts';
import { type Executed, type Execution, type Executor, execute } from '../../server/engine/execute.ts';
import { RunReasons } from '../../server/engine/reasons.ts';
import type { LiveEvent } from '../../server/engine/run-node.ts';
import { type Plan, plan, readWorkflow } from '../../workflows/index.ts';
import { noImages, noModels } from '../nodes/no-files.ts';

/** Nodes that count how often they ran. */
export function fakeNodes(): { definitions: ReadonlyMap<string, NodeDefinition>; runs: string[]; file: { identity: string } } {
  const runs: string[] = [];
  const file = { identity: 'first' };
  const help = 'A node for tests.';
  const source = defineNode({
    type: 'Source',
    title: 'Source',
    category: 'image',
    help,
    inputs: { value: int({ help, default: 1, min: 0, max: 1000 }) },
    outputs: { INT: int({ help, default: 0, min: -1e6, max: 1e6 }) },
    run: ({ value }) => {
      runs.push('Source');
      return { INT: value };
    },
  });
  const add = defineNode({
    type: 'Add',
    title: 'Add',
    category: 'image',
    help,
    inputs: {
      a: int({ help, default: 0, min: -1000, max: 1000 }),
      b: int({ help, default: 1, min: -1000, max: 1000 }),
    },
    outputs: { INT: int({ help, default: 0, min: -1e6, max: 1e6 }) },
    run: ({ a, b }) => {
      runs.push('Add');
      return { INT: a + b };
    },
  });
  const broken = defineNode({
    type: 'Broken',
    title: 'Broken',
    category: 'image',
    help,
    inputs: { a: int({ help, default: 0, min: -1000, max: 1000 }) },
    outputs: { INT: int({ help, default: 0, min: -1e6, max: 1e6 }) },
    run: () => {
      throw new Error('it is broken');
    },
  });
  const reader = defineNode({
    type: 'Reader',
    title: 'Reader',
    category: 'image',
    help,
    inputs: {},
    outputs: { INT: int({ help, default: 0, min: -1e6, max: 1e6 }) },
    run: () => {
      runs.push('Reader');
      return { INT: 7 };
    },
    identity: async () => file.identity,
  });
  const show = defineNode({
    type: 'Show',
    title: 'Show',
    category: 'image',
    effect: 'show',
    help,
    inputs: { value: any({ help }) },
    outputs: {},
    async *run({ value }) {
      runs.push('Show');
      yield { kind: 'show', content: { kind: 'text', text: String(value) } } as const;
      return {};
    },
  });
  const picture = defineNode({
    type: 'Picture',
    title: 'Picture',
    category: 'image',
    effect: 'show',
    help,
    inputs: { value: any({ help }) },
    outputs: {},
    async *run() {
      runs.push('Picture');
      yield { kind: 'show', content: { kind: 'images', files: [{ folder: 'preview', name: 'a.png', width: 1, height: 1 }] } } as const;
      return {};
    },
  });
  const write = defineNode({
    type: 'Write',
    title: 'Write',
    category: 'image',
    effect: 'write',
    help,
    inputs: { value: any({ help }) },
    outputs: {},
    run: () => {
      runs.push('Write');
      return {};
    },
  });
  const loop = defineNode({
    type: 'Loop',
    title: 'Loop',
    category: 'image',
    effect: 'show',
    help,
    inputs: { steps: int({ help, default: 5, min: 1, max: 1e6 }), image: optional(image({ help })) },
    outputs: {},
    async *run({ steps }, { signal }) {
      for (let index = 1; index <= steps; index++) {
        signal.throwIfAborted();
        runs.push(`step ${index}`);
        yield { kind: 'step', index, total: steps, sigma: 1 / index } as const;
      }
      return {};
    },
  });
  const all: readonly NodeDefinition[] = [source, add, broken, reader, show, picture, write, loop];
  return { definitions: new Map(all.map((definition) => [definition.type, definition])), runs, file };
}

/** An engine's memory around fake nodes. */
export function fakeExecutor(cacheBytes = 1e6): Executor & ReturnType<typeof fakeNodes> {
  return { ...fakeNodes(), cache: new ResultCache(cacheBytes), reasons: new RunReasons() };
}

type Compact = Record<string, { class_type: string; inputs: Record<string, unknown> }>;

/** Plans a graph in the compact form. */
export function planned(executor: Executor, graph: Compact, targets?: readonly string[]): Plan {
  const specs = new Map([...executor.definitions].map(([type, definition]) => [type, specOf(definition)]));
  return plan(readWorkflow(JSON.stringify(graph), specs).workflow, specs, targets === undefined ? {} : { targets });
}

/** Runs a graph to its end and gives all events. */
export async function runGraph(
  executor: Executor,
  graph: Compact,
  options: Partial<Pick<Execution, 'fresh' | 'keep'>> & {
    signal?: AbortSignal;
    /** Pictures that were shown once and have been deleted. */
    missing?: ReadonlySet<string>;
    targets?: readonly string[];
    hear?: (event: LiveEvent) => void;
  } = {},
): Promise<{ events: LiveEvent[]; executed: Executed }> {
  const { signal = new AbortController().signal, missing = new Set(), targets, hear, ...rest } = options;
  const running = execute(executor, {
    plan: planned(executor, graph, targets),
    context: {
      signal,
      models: noModels,
      images: { ...noImages, has: async (image) => !missing.has(image.name) },
    },
    ...rest,
  });
  const events: LiveEvent[] = [];
  for (let next = await running.next(); ; next = await running.next()) {
    if (next.done) return { events, executed: next.value };
    hear?.(next.value);
    events.push(next.value);
  }
}
