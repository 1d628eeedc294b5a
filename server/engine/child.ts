// The process of one device. Talks to the supervisor by IPC; ends when its parent is gone.
import type { Catalogue } from '../../nodes/kit/index.ts';
import { toProblem } from '../../nodes/kit/index.ts';
import type { RunEvent } from '../../workflows/index.ts';
import { type LoadedCatalogue, loadCatalogue, withChoices } from '../catalogue.ts';
import { registerChild } from '../files/children.ts';
import { choicesNow } from '../files/choices.ts';
import { dataFolders } from '../files/paths.ts';
import { prepareImages } from './images/codec.ts';
import type { FromEngine, ToEngine } from './messages.ts';
import { Previews } from './previews.ts';
import { StepRecorder } from './recorder.ts';
import type { LiveEvent } from './run-node.ts';
import { type EngineSession, openSession } from './session.ts';
import type { EngineOptions, RunEnd, RunRequest } from './types.ts';
import { warmUpAll } from './warm-up.ts';

interface Started {
  readonly options: EngineOptions;
  readonly catalogue: LoadedCatalogue;
  readonly session: EngineSession;
}

const send = (message: FromEngine): void => {
  process.send?.(message);
};

/** A start or a step is told at once if nothing was told for this many ms; others wait for one another. */
const quiet = { started: 10, step: 40 } as const;

/** Gathers the events of one turn of the event loop into one message: a chain of cached nodes gives thousands at once. */
function outbox(job: string): { push(event: RunEvent): void; flush(): void } {
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

/** The catalogue as the folders are now; they are read only for a workflow that chooses from them. */
async function catalogueFor({ options, catalogue }: Started, { workflow }: RunRequest): Promise<Catalogue> {
  const chooses = [...workflow.nodes.values()].some(({ type }) =>
    catalogue.specs.get(type)?.inputs.some(({ widget }) => widget?.kind === 'choice' && widget.source !== undefined),
  );
  if (!chooses) return catalogue.specs;
  return withChoices(catalogue.specs, await choicesNow(options));
}

async function run(started: Started, request: RunRequest, signal: AbortSignal): Promise<void> {
  const box = outbox(request.job);
  const previews = new Previews(request.job, (header, jpeg) => send({ type: 'preview', header, jpeg }));
  const recorder = new StepRecorder(request.job, (header, jpeg) => send({ type: 'recorded', header, jpeg }));
  const end = await follow(started, request, { signal, box, previews, recorder }).catch((thrown: unknown): RunEnd => {
    if (signal.aborted) return 'cancelled';
    box.push({ type: 'problem', problem: toProblem(thrown) });
    return 'failed';
  });
  await Promise.all([previews.flush(), recorder.flush()]);
  box.flush();
  send({ type: 'ended', job: request.job, end });
}

async function follow(
  started: Started,
  request: RunRequest,
  { signal, box, previews, recorder }: { signal: AbortSignal; box: ReturnType<typeof outbox>; previews: Previews; recorder: StepRecorder },
): Promise<RunEnd> {
  const running = started.session.run({ ...request, catalogue: await catalogueFor(started, request), signal });
  for (let next = await running.next(); ; next = await running.next()) {
    if (next.done) return next.value.end;
    previews.offer(next.value);
    recorder.offer(next.value);
    box.push(withoutPreview(next.value));
  }
}

async function start(options: EngineOptions): Promise<Started | undefined> {
  try {
    const catalogue = await loadCatalogue();
    const session = await openSession(options, catalogue.definitions);
    const { device, precision } = session.runtime;
    const memory = session.weights;
    const messages = [device.message, ...(await warmUpAll(session.models, options.warmUp ?? []))].flatMap((message) => message ?? []);
    send({
      type: 'ready',
      device: device.name,
      provider: device.provider,
      ...(device.title === undefined ? {} : { title: device.title }),
      ...(precision === undefined ? {} : { precision }),
      ...(memory === undefined ? {} : { memory }),
      ...(messages.length === 0 ? {} : { message: messages.join(' ') }),
    });
    void prepareImages().catch(() => undefined); // Without it pictures say what is missing when they are made.
    return { options, catalogue, session };
  } catch (thrown) {
    send({ type: 'unusable', message: toProblem(thrown).message });
    return undefined;
  }
}

/** Listens until the parent closes it or is gone. */
function serve(): void {
  let started: Promise<Started | undefined> = Promise.resolve(undefined);
  let current: { job: string; abort: AbortController } | undefined;
  const begin = async (request: RunRequest): Promise<void> => {
    const ready = await started;
    if (ready === undefined) return;
    const abort = new AbortController();
    current = { job: request.job, abort };
    await run(ready, request, abort.signal);
    if (current.abort === abort) current = undefined;
  };
  const handle = (message: ToEngine): void => {
    if (message.type === 'start') {
      registerChild(dataFolders(message.options.data).children);
      started = start(message.options);
    } else if (message.type === 'run') void begin(message.request);
    else if (message.type === 'cancel' && current?.job === message.job) current.abort.abort();
    else if (message.type === 'close') void started.then((ready) => ready?.session.close()).finally(() => process.exit(0));
  };
  process.on('message', handle);
  process.on('disconnect', () => process.exit(0));
  // The terminal's Ctrl-C goes to the whole group; the server decides when this process ends.
  process.on('SIGINT', () => undefined);
}

serve();
