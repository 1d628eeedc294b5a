import { hostname } from 'node:os';
import { join } from 'node:path';
import type { NodeSpec } from '../../nodes/kit/index.ts';
import type { ListedPart } from '../engine/models/part-files.ts';
import { checkDevices, settled } from '../engine/settled.ts';
import type { Engine, EngineOptions, RunSink } from '../engine/types.ts';
import { LiveCatalogue, ownFiles } from '../files/live-catalogue.ts';
import { dataFolders, type PictureFolders } from '../files/paths.ts';
import { prepareData } from '../files/prepare.ts';
import { forgetSaved } from '../files/saved-pictures.ts';
import { JobBook } from '../jobs/book.ts';
import { Dispatcher } from '../jobs/dispatcher.ts';
import { Membership } from '../jobs/membership.ts';
import { presenceOf } from '../jobs/presence.ts';
import { DocumentReader } from '../jobs/reader.ts';
import type { JobRequest, JobStore, TakenJob } from '../jobs/store.ts';
import { readKept } from '../jobs/submit.ts';
import { type Log, noteEnd } from '../log.ts';
import { openStore } from '../queue/open-store.ts';
import { defaultLimits } from '../security/limits.ts';
import type { ModelEntry } from '../serve.ts';
import { HomeServer } from './home-server.ts';
import { Inputs } from './inputs.ts';
import { Link } from './link.ts';
import { RelayedEngine } from './relayed-engine.ts';
import { ServerClient } from './server-client.ts';
import type { ServerAddress } from './server-http.ts';

/** What a worker is started with; paths are absolute. */
export interface WorkerOptions {
  /** `postgres://…`, the same as that of its server. */
  readonly queue: string;
  readonly server: ServerAddress;
  /** The data folder of the server, where this machine can write to it; then no picture goes over the network. */
  readonly shared?: string;
  readonly models: string;
  /** A folder of this worker's own. */
  readonly data: string;
  readonly specs: ReadonlyMap<string, NodeSpec>;
  readonly listModels: () => Promise<readonly ModelEntry[]>;
  /** Files of this host that are parts of models. */
  readonly listParts: () => Promise<readonly ListedPart[]>;
  /** Starts one engine per device, to write to these folders; called once. */
  readonly startEngines: (options: Pick<EngineOptions, 'data' | 'folders'>) => readonly Engine[];
  readonly log: Log;
}

/** A worker that runs. */
export interface RunningWorker {
  /** The names of its devices. */
  readonly devices: readonly string[];
  /** Gives back what it runs, and ends. */
  close(): Promise<void>;
}

/** Logs of jobs that have ended are of no use here: the server has them. */
const bounds = { finished: 4, finishedBytes: 4 * 1024 * 1024, logEvents: 2000, recordingBytes: 0 };

/** Pictures of jobs of other machines; nobody's but the worker's. */
function ownFolders(data: string): PictureFolders {
  const { root, saved } = dataFolders(data);
  const home = join(root, 'cache', 'worker');
  return { images: { input: join(home, 'input'), output: join(home, 'output'), preview: join(home, 'preview') }, saved };
}

type Close = () => void | Promise<void>;

/** Starts a worker. Throws `bad-path` for a data folder that is in use, `busy` for a database that cannot be reached, and what the server says against it. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const closers: Close[] = [];
  const close = async (): Promise<void> => {
    for (let last = closers.pop(); last !== undefined; last = closers.pop()) await last();
  };
  try {
    return { devices: await start(options, closers), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function start(options: WorkerOptions, closers: Close[]): Promise<readonly string[]> {
  const { server, shared, data, log } = options;
  const client = new ServerClient(server, (message) => log.warn(message));
  closers.push(() => client.close());
  await client.check();
  const pictures = shared === undefined ? ownFolders(data) : dataFolders(shared);
  // The pictures' folders are made together with the others.
  const lock = await prepareData({ ...dataFolders(data), images: pictures.images, saved: pictures.saved });
  closers.push(() => lock.release());
  const catalogue = new LiveCatalogue({
    specs: options.specs,
    listModels: options.listModels,
    listParts: options.listParts,
    inputFolder: pictures.images.input,
  });
  await catalogue.refresh();
  const reader = new DocumentReader();
  closers.push(() => reader.close());
  const engines = options.startEngines({ data, folders: { images: pictures.images, saved: pictures.saved } });
  for (const engine of engines) closers.push(() => engine.close());
  await settled(engines);
  checkDevices(engines);
  // Jobs that belong to a server are left alone until it has said who it is.
  const home = new HomeServer(client);
  closers.push(() => home.close());
  const store = await openQueue(options, { engines, catalogue, server: () => home.id });
  closers.push(() => store.close());
  await store.open();
  const { shared: company } = store;
  if (company === undefined) throw new Error('The queue of a worker is shared.');
  const book = new JobBook(bounds, () => undefined);
  const link = new Link(server, company.me, book);
  closers.push(() => link.close());
  const inputs = shared === undefined ? new Inputs(client, pictures.images.input) : undefined;
  const place = shared === undefined ? `on the server at ${server.url}` : `in ${pictures.images.input}`;
  const missing = `The worker on ${hostname()} looked for it ${place}, where it is not (any more).`;
  const request = async ({ source }: TakenJob, signal: AbortSignal): Promise<JobRequest> => {
    if ((await inputs?.bring(source, catalogue.current, signal)) === true) await catalogue.refresh();
    return readKept(source, { reader, catalogue }, missing);
  };
  const relayed = engines.map((engine) => {
    const recorded: RunSink['recorded'] = (header, jpeg) => link.recorded(header, jpeg);
    return new RelayedEngine(engine, {
      client: shared === undefined ? client : undefined,
      worker: company.me,
      images: pictures.images,
      recorded,
    });
  });
  const onTrouble = (error: unknown): void =>
    log.error({ err: error }, `The queue had trouble: ${error instanceof Error ? error.message : String(error)}`);
  const dispatcher = new Dispatcher({
    engines: relayed,
    store,
    book,
    request,
    arriving: () => undefined,
    onTaken: () => undefined,
    onStored: (id) => void forgetSaved(pictures.saved, id).catch(onTrouble),
    onTrouble,
  });
  closers.push(() => dispatcher.close());
  const membership = new Membership({
    shared: company,
    runs: (id) => dispatcher.runs(id),
    cancel: (id) => dispatcher.cancel(id),
    wake: () => dispatcher.wake(),
    letGo: () => dispatcher.letGo(),
    met: (members) => home.met(members),
    onTrouble,
  });
  home.onKnown = () => dispatcher.wake();
  closers.push(() => membership.close());
  closers.push(book.listen({ event: ({ event }) => noteEnd(event, log), preview: () => undefined }));
  await membership.start();
  return engines.map(({ device }) => device.device);
}

async function openQueue(
  { queue, data, log }: WorkerOptions,
  { engines, catalogue, server }: { engines: readonly Engine[]; catalogue: LiveCatalogue; server: () => string | undefined },
): Promise<JobStore> {
  return openStore({
    kind: { postgres: queue },
    folders: dataFolders(data),
    bounds: defaultLimits,
    paused: false,
    presence: presenceOf({ kind: 'worker', devices: () => engines.map(({ device }) => device), ...ownFiles(catalogue) }),
    server,
    warn: (message) => log.warn(message),
  });
}
