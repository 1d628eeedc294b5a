// The process of one device. Talks to the supervisor by IPC; ends when its parent is gone.
import type { Catalogue } from '../../nodes/kit/index.ts';
import { toProblem } from '../../nodes/kit/index.ts';
import { type LoadedCatalogue, loadCatalogue, withChoices } from '../catalogue.ts';
import { registerChild } from '../files/children.ts';
import { choicesNow } from '../files/choices.ts';
import { dataFolders } from '../files/paths.ts';
import { prepareImages } from './images/codec.ts';
import type { FromEngine, ToEngine } from './messages.ts';
import { type EngineSession, openSession } from './session.ts';
import { tellRun } from './tell-run.ts';
import type { EngineOptions, RunRequest } from './types.ts';
import { warmUpAll } from './warm-up.ts';

interface Started {
  readonly options: EngineOptions;
  readonly catalogue: LoadedCatalogue;
  readonly session: EngineSession;
}

const send = (message: FromEngine): void => {
  process.send?.(message);
};

/** The catalogue as the folders are now; they are read only for a workflow that chooses from them. */
async function catalogueFor({ options, catalogue }: Started, { workflow }: RunRequest): Promise<Catalogue> {
  const chooses = [...workflow.nodes.values()].some(({ type }) =>
    catalogue.specs.get(type)?.inputs.some(({ widget }) => widget?.kind === 'choice' && widget.source !== undefined),
  );
  if (!chooses) return catalogue.specs;
  return withChoices(catalogue.specs, await choicesNow(options));
}

async function start(options: EngineOptions): Promise<Started | undefined> {
  try {
    const catalogue = await loadCatalogue();
    const session = await openSession(options, catalogue.definitions, (networks) => send({ type: 'loaded', networks }));
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
    const { signal } = abort;
    const run = async () => ready.session.run({ ...request, catalogue: await catalogueFor(ready, request), signal });
    await tellRun(run, { job: request.job, signal, send });
    if (current.abort === abort) current = undefined;
  };
  const unload = async ({ number, choice }: Extract<ToEngine, { type: 'unload' }>): Promise<void> => {
    const ready = await started;
    // What cannot be released is still loaded, and is told so.
    await ready?.session.unload(choice).catch(() => undefined);
    send({ type: 'unloaded', number });
  };
  const handle = (message: ToEngine): void => {
    if (message.type === 'start') {
      registerChild(dataFolders(message.options.data).children);
      started = start(message.options);
    } else if (message.type === 'run') void begin(message.request);
    else if (message.type === 'cancel' && current?.job === message.job) current.abort.abort();
    else if (message.type === 'unload') void unload(message);
    else if (message.type === 'close') void started.then((ready) => ready?.session.close()).finally(() => process.exit(0));
  };
  process.on('message', handle);
  process.on('disconnect', () => process.exit(0));
  // The terminal's Ctrl-C goes to the whole group; the server decides when this process ends.
  process.on('SIGINT', () => undefined);
}

serve();
