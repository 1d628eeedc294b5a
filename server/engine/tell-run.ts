// A run as it is told to the server: events gathered, previews and recorded steps made into JPEGs beside it.
import { toProblem } from '../../nodes/kit/index.ts';
import type { RunEvent } from '../../workflows/index.ts';
import type { Executed } from './execute.ts';
import type { FromEngine } from './messages.ts';
import { Previews } from './previews.ts';
import { StepRecorder } from './recorder.ts';
import type { LiveEvent } from './run-node.ts';
import type { RunEnd } from './types.ts';

/** A start or a step is told at once if nothing was told for this many ms; others wait for one another. */
const quiet = { started: 10, step: 40 } as const;

/** Gathers the events of one turn of the event loop into one message: a chain of cached nodes gives thousands at once. */
function outbox(job: string, send: ToldRun['send']): { push(event: RunEvent): void; flush(): void } {
  let waiting: RunEvent[] = [];
  let last = Number.NEGATIVE_INFINITY;
  const flush = (): void => {
    if (waiting.length === 0) return;
    send({ type: 'events', job, events: waiting });
    waiting = [];
    last = performance.now();
  };
  return {
    push(event) {
      if (event.type === 'step') {
        // The next one says more: of steps that come close together only some are told, the last one of a loop always.
        if (event.index < event.total && performance.now() - last < quiet.step) return;
        waiting.push(event);
        flush();
        return;
      }
      if (waiting.length === 0) setImmediate(flush);
      const before = waiting.at(-1);
      // Nobody needs to hear of the start of a node that has ended before it could be told.
      if (event.type === 'finished' && before?.type === 'started' && before.node === event.node) waiting.pop();
      waiting.push(event);
      // It must be heard before the work behind it blocks the thread.
      if ((event.type === 'started' && performance.now() - last > quiet.started) || waiting.length >= 500) flush();
    },
    flush,
  };
}

const withoutPreview = ({ preview: _, last: __, frames: ___, ...event }: LiveEvent): RunEvent => event;

/** What is told of, and to whom. */
export interface ToldRun {
  readonly job: string;
  readonly signal: AbortSignal;
  readonly send: (message: FromEngine) => void;
}

/** Follows a run to its end and tells all of it, `ended` last. */
export async function tellRun(
  begin: () => Promise<AsyncGenerator<LiveEvent, Executed, void>>,
  { job, signal, send }: ToldRun,
): Promise<void> {
  const box = outbox(job, send);
  const previews = new Previews(job, (header, jpeg) => send({ type: 'preview', header, jpeg }));
  const recorder = new StepRecorder(job, (header, jpeg) => send({ type: 'recorded', header, jpeg }));
  const follow = async (): Promise<RunEnd> => {
    const running = await begin();
    for (let next = await running.next(); ; next = await running.next()) {
      if (next.done) return next.value.end;
      previews.offer(next.value);
      recorder.offer(next.value);
      box.push(withoutPreview(next.value));
    }
  };
  const end = await follow().catch((thrown: unknown): RunEnd => {
    if (signal.aborted) return 'cancelled';
    box.push({ type: 'problem', problem: toProblem(thrown) });
    return 'failed';
  });
  await Promise.all([previews.flush(), recorder.flush()]);
  box.flush();
  send({ type: 'ended', job, end });
}
