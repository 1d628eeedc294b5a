import { hostname } from 'node:os';
import { GraphError, type NodeSpec, type SizeRule } from '../nodes/kit/index.ts';
import type { DeviceStatus } from '../workflows/protocol.ts';
import { Batches, type BatchesParts } from './batch/batches.ts';
import type { GridJob } from './batch/grid.ts';
import { sweepGraphs } from './engine/models/checkpoints/graph-cache.ts';
import { PartFamilies } from './engine/models/part-families.ts';
import { listParts } from './engine/models/part-files.ts';
import { checkDevices, settled } from './engine/settled.ts';
import type { Engine } from './engine/types.ts';
import { foldersToTell } from './files/folder-names.ts';
import { Gallery } from './files/gallery.ts';
import { LiveCatalogue, ownFiles } from './files/live-catalogue.ts';
import { packageRoot, packageVersion } from './files/package-root.ts';
import { type DataFolders, dataFolders } from './files/paths.ts';
import { copyExample, prepareData } from './files/prepare.ts';
import { forgetSaved, sweepUnfinished } from './files/saved-pictures.ts';
import { ShrinkChild } from './files/shrink.ts';
import { Thumbnails } from './files/thumbnails.ts';
import { watchFolders } from './files/watch.ts';
import { createApp } from './http/app.ts';
import type { ServerContext } from './http/context.ts';
import { Crowd } from './http/crowd.ts';
import { end, listen, urlOf } from './http/listen.ts';
import { Jobs } from './jobs/jobs.ts';
import { Members } from './jobs/members.ts';
import { presenceOf } from './jobs/presence.ts';
import { DocumentReader } from './jobs/reader.ts';
import type { JobStore } from './jobs/store.ts';
import { readKept, submitRun } from './jobs/submit.ts';
import { createLog, type Log, noteEnd } from './log.ts';
import { openStore, type QueueKind } from './queue/open-store.ts';
import { hostRules, isLoopback } from './security/hosts.ts';
import { defaultLimits, type Limits } from './security/limits.ts';
import { Gate } from './security/token.ts';
import { loadedMessage, queueMessage, SocketHub } from './socket/hub.ts';
import { upgrades } from './socket/upgrade.ts';
import { endOfJob, watchDropped } from './watch/watch-dropped.ts';

/** A model as `GET /v1/models` lists it; `bytes` on disk. */
export interface ModelEntry {
  readonly name: string;
  readonly family: string;
  readonly bytes: number;
  readonly embedded: boolean;
  /** Where it does not take latents of every size. */
  readonly sizes?: SizeRule;
}

/** What a server is started with; paths are absolute. Nothing is created before the data folder is locked and the port is taken. */
export interface ServeOptions {
  /** Anything but a loopback address needs a token. */
  readonly host: string;
  /** 0 is any free port. */
  readonly port: number;
  readonly token?: string;
  /** Origins of host pages elsewhere, `http://example.org:3000`. */
  readonly allowOrigins: readonly string[];
  /** The folder of `--models`, watched for changes. */
  readonly models: string;
  /** The folders of `--extra-models`, watched too. */
  readonly extraModels?: readonly string[];
  /** The folder of `--data`. */
  readonly data: string;
  /** All node types, choices not filled in. */
  readonly specs: ReadonlyMap<string, NodeSpec>;
  /** The models that there are now, the embedded ones included. */
  readonly listModels: () => Promise<readonly ModelEntry[]>;
  /** Starts one engine per device; called once. */
  readonly startEngines: () => readonly Engine[];
  /** Where jobs are kept; `embedded` in the data folder if not said otherwise. */
  readonly queue?: QueueKind;
  /** Workflows that are dropped into this folder are run. */
  readonly watch?: string;
  /** Begin with a held queue. */
  readonly paused?: boolean;
  /** Lowered in tests. */
  readonly limits?: Partial<Limits>;
  /** Without one, lines go to standard error, and the one that says where the server is to standard output. */
  readonly log?: Log;
}

/** A server that runs. */
export interface RunningServer {
  /** `http://127.0.0.1:8190`. */
  readonly url: string;
  /** Ends sockets, running jobs, engines and the lock. */
  close(): Promise<void>;
}

type Close = () => void | Promise<void>;

/**
 * Starts the server and waits until its first engine is ready. Throws `not-allowed` for an open address without a token, `bad-value` for
 * a malformed option or a port that is taken, `bad-path` for a data folder that cannot be used, `device-unavailable` for a device that is not there; each in
 * one sentence, with everything undone.
 */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  checkOptions(options);
  const closers: Close[] = [];
  const close = async (): Promise<void> => {
    for (let last = closers.pop(); last !== undefined; last = closers.pop()) await last();
  };
  try {
    const { url, device } = await start(options, closers);
    if (options.log === undefined) process.stdout.write(`litegraph-diffusion is at ${url} (${device?.device ?? 'no device'})\n`);
    return { url, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function checkOptions({ host, token, allowOrigins }: ServeOptions): void {
  if (token === undefined && !isLoopback(host)) {
    throw new GraphError(
      'not-allowed',
      `Serving on ${host} opens the server to other machines: give it a --token, or leave --host at 127.0.0.1.`,
    );
  }
  if (token === '') throw new GraphError('bad-value', 'The --token is empty. Give a long random one, or none.');
  for (const origin of allowOrigins) {
    if (/^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw new GraphError('bad-value', `--allow-origin ${origin} is no origin. Write it as http://example.org:3000, without a path.`);
  }
}

type Prepared = Omit<ServerContext, 'gate' | 'crowd' | 'jobs' | 'engines' | 'devices' | 'workers' | 'batches'> & {
  readonly draw: (grid: GridJob) => Promise<void>;
};

/** Everything up to the point from where nothing waits any more: the data folder is locked, the lists are read. */
async function prepare(options: ServeOptions, closers: Close[]): Promise<Prepared> {
  const root = packageRoot();
  const folders = dataFolders(options.data);
  const lock = await prepareData(folders);
  closers.push(() => lock.release());
  await copyExample(root, folders.images.input);
  const catalogue = new LiveCatalogue({
    specs: options.specs,
    listModels: options.listModels,
    listParts: () => listParts([options.models, ...(options.extraModels ?? [])]),
    inputFolder: folders.images.input,
  });
  await catalogue.refresh();
  const shrink = new ShrinkChild();
  const reader = new DocumentReader();
  closers.push(
    () => shrink.close(),
    () => reader.close(),
  );
  return {
    version: await packageVersion(root),
    packageRoot: root,
    folders,
    limits: { ...defaultLimits, ...options.limits },
    rules: hostRules(options.host, options.allowOrigins),
    log: options.log ?? createLog(),
    catalogue,
    families: new PartFamilies(),
    reader,
    gallery: new Gallery(folders.images),
    draw: (grid) => shrink.run(grid),
    thumbnails: new Thumbnails(folders.thumbnails, (job) => shrink.run(job)),
  };
}

async function start(options: ServeOptions, closers: Close[]): Promise<{ url: string; device: DeviceStatus | undefined }> {
  const prepared = await prepare(options, closers);
  const { limits } = prepared;
  const crowd = new Crowd(limits);
  const server = crowd.serve();
  let devices: ServerContext['devices'] = () => [];
  const store = await openStore({
    kind: options.queue ?? 'embedded',
    folders: prepared.folders,
    bounds: limits,
    paused: options.paused ?? false,
    presence: presenceOf({ kind: 'server', devices: () => devices(), ...ownFiles(prepared.catalogue), ...(await foldersToTell(options)) }),
    warn: (message) => prepared.log.warn(message),
  });
  let opened = false;
  closers.push(() => (opened ? undefined : store.close()));
  const port = await listen(server, options);
  server.on('error', (error) => prepared.log.error({ err: error }, 'The server had trouble with a connection'));
  // Nothing is awaited between here and the handlers, so that no request comes to a server without them.
  closers.push(() => end(server));
  const engines = options.startEngines();
  devices = () => engines.map(({ device }) => device);
  for (const engine of engines) closers.push(() => engine.close());
  const members = new Members({ shared: store.shared, devices, ...ownFiles(prepared.catalogue) });
  const jobs = startJobs(options, prepared, { store, engines, members });
  const gate = new Gate({ token: options.token, port, maxFailures: limits.tokenFailures });
  const batches = batchesOf(prepared, jobs, { lanes: engines.length + 1, resumes: options.paused !== true });
  const context: ServerContext = { ...prepared, gate, crowd, jobs, engines, batches, devices, workers: () => members.list() };
  const hub = new SocketHub(context);
  // Jobs end before the pages are sent away, so that everybody hears how.
  opened = true;
  closers.push(
    () => hub.close(),
    () => Promise.all([batches.close(), jobs.close()]).then(() => undefined),
  );
  server.on('request', createApp(context)).on('upgrade', upgrades(context, hub));
  closers.push(...follow(options, context, { hub, engines, members }));
  if (options.watch !== undefined) closers.push(await watchDropped(options.watch, context));
  await settled(engines);
  checkDevices(engines);
  if (options.paused !== true) await resumeBatches(batches, prepared);
  return { url: urlOf(options.host, port), device: engines[0]?.device };
}

/** The jobs of a server, with what was left of them by the last one. */
function startJobs(
  { paused = false }: ServeOptions,
  { limits, log, reader, catalogue, folders }: Prepared,
  { store, engines, members }: { store: JobStore; engines: readonly Engine[]; members: Members },
): Jobs {
  return new Jobs(store, {
    engines,
    bounds: limits,
    paused,
    hasModels: (needs) => needs.every((need) => catalogue.ownProvided.has(need)),
    onMembers: (met) => {
      members.meet(met);
      void catalogue.include(members.otherModels());
    },
    read: (source) => readKept(source, { reader, catalogue }, store.shared === undefined ? '' : missingHere(folders)),
    onStored: (id) => {
      forgetSaved(folders.saved, id).catch((error: unknown) => log.warn({ err: error }, `The notes of job ${id} could not be removed`));
    },
    onTrouble: (error) => log.error({ err: error }, `The queue had trouble: ${error instanceof Error ? error.message : String(error)}`),
  });
}

/** What is said of an input that a job of a shared queue does not find. */
const missingHere = ({ images }: DataFolders): string =>
  `It was looked for on ${hostname()}, in ${images.input}. Each server on a shared queue has its own input folder: put the file there too, or let the servers share the folder.`;

/** Batches, whose items are jobs. */
function batchesOf({ folders, catalogue, reader, draw, log }: Prepared, jobs: Jobs, how: Pick<BatchesParts, 'lanes' | 'resumes'>): Batches {
  return new Batches({
    folder: folders.images.output,
    catalogue: () => catalogue.current,
    submit: (wish) => submitRun({ wish }, { jobs, reader, catalogue }),
    ended: (id, signal) => endOfJob(jobs, id, signal),
    cancelJob: (id) => jobs.cancel(id),
    draw,
    onTrouble: (error) => log.error({ err: error }, 'A batch could not go on'),
    ...how,
  });
}

/** Batches that the last server did not finish go on by themselves. */
async function resumeBatches(batches: Batches, { log }: Prepared): Promise<void> {
  const resumed = await batches.resumeUnfinished();
  if (resumed.length > 0) log.info(`Goes on with ${resumed.length === 1 ? 'the batch' : 'the batches'} ${resumed.join(', ')}`);
}

/** Passes on what changes outside of requests: files and devices. */
function follow(
  options: ServeOptions,
  { catalogue, folders, log, jobs }: ServerContext,
  live: { hub: SocketHub; engines: readonly Engine[]; members: Members },
): Close[] {
  const { hub, engines, members } = live;
  const refresh = (): void => {
    void sweepGraphs(folders.graphs);
    catalogue.refresh().catch((error: unknown) => log.warn({ err: error }, 'The folders could not be read again'));
  };
  void sweepUnfinished(folders.images.output);
  return [
    watchFolders([options.models, ...(options.extraModels ?? []), folders.images.input], refresh),
    catalogue.listen(() => hub.tellAll({ type: 'catalogue' })),
    members.onChange((workers) => hub.tellAll({ type: 'workers', workers })),
    jobs.onQueue(() => hub.tellAll(queueMessage(jobs))),
    jobs.listen({ event: ({ event }) => noteEnd(event, log), preview: () => undefined }),
    ...engines.map((engine) => engine.onLoaded(() => hub.tellAll(loadedMessage(engines)))),
    engines[0]?.onDevice((status) => hub.tellAll({ type: 'device', device: status })) ?? (() => undefined),
  ];
}

/** Serves until SIGINT or SIGTERM, then closes in an orderly way; a second signal ends the process at once. Resolves when all is closed. */
export async function serveUntilSignal(options: ServeOptions): Promise<void> {
  const server = await startServer(options);
  await stopSignal();
  await server.close();
}

/** Resolves at SIGINT or SIGTERM. */
export function stopSignal(): Promise<void> {
  return new Promise<void>((resolve) => {
    const stop = (): void => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  });
}
