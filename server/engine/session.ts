import { totalmem } from 'node:os';
import type { Catalogue, ModelStore, NodeDefinition } from '../../nodes/kit/index.ts';
import { type NodeId, plan, type RuntimeRecord, stringifyJson, toCompact, type Workflow } from '../../workflows/index.ts';
import type { LoadedNetwork, UnloadChoice } from '../../workflows/protocol.ts';
import { packageRoot, packageVersion } from '../files/package-root.ts';
import { dataFolders } from '../files/paths.ts';
import { ResultCache } from './cache.ts';
import { type Executed, type Executor, execute } from './execute.ts';
import { imageStore, type PictureText } from './images/store.ts';
import { ManifestWriter } from './manifest.ts';
import { ModelHashes } from './models/hashes.ts';
import { openRuntime, type ProfiledRuntime } from './models/onnx.ts';
import { EngineModels } from './models/store.ts';
import { RunReasons } from './reasons.ts';
import type { LiveEvent } from './run-node.ts';
import type { EngineOptions } from './types.ts';

/** What a run asks of an engine session. */
export interface SessionRun {
  readonly workflow: Workflow;
  /** Catalogue with its lists filled in; the plan parses values by it. */
  readonly catalogue: Catalogue;
  readonly document?: string;
  readonly targets?: readonly NodeId[];
  readonly fresh?: boolean;
  readonly record?: boolean;
  readonly keep?: ReadonlySet<NodeId>;
  readonly signal: AbortSignal;
  /** Where pictures go instead of output/. */
  readonly output?: string;
  /** The job that this is a run of; one that runs again writes over what it saved before. */
  readonly job?: string;
  /** Exact name of what is saved, see {@link RunRequest}. */
  readonly saveAs?: string;
}

/** Everything that runs workflows in one process: device, models, cache. */
export interface EngineSession {
  readonly runtime: ProfiledRuntime;
  readonly models: ModelStore;
  /** The most bytes of weights on the device; undefined where it is not bounded. */
  readonly weights: number | undefined;
  run(run: SessionRun): AsyncGenerator<LiveEvent, Executed, void>;
  /** Gives the memory of networks back that are not at work. */
  unload(choice: UnloadChoice): Promise<void>;
  close(): Promise<void>;
}

/** What this process may use of the machine's memory, in bytes. */
function memoryOfMachine(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

/** Of a GPU's free memory, or of the machine's; the rest is for what networks compute. */
const shareForWeights = 0.6;

/** What saved pictures carry: the document as it was given, and the compact form with every value as it was used. */
function pictureText({ document, workflow }: SessionRun): [string, string][] {
  const prompt: [string, string] = ['prompt', stringifyJson(toCompact(workflow))];
  return document === undefined ? [prompt] : [prompt, ['workflow', document]];
}

/** Opens the device and gets ready; no model is loaded yet, and `onLoaded` hears whenever that changes. Throws `device-unavailable`. */
export async function openSession(
  options: EngineOptions,
  definitions: ReadonlyMap<string, NodeDefinition>,
  onLoaded: (networks: readonly LoadedNetwork[]) => void = () => undefined,
): Promise<EngineSession> {
  const runtime = await openRuntime(options.device, options.precision === undefined ? {} : { precision: options.precision });
  const { memory } = runtime.device;
  const budget = options.memory ?? (memory ?? memoryOfMachine()) * shareForWeights;
  const { graphs, modelHashes } = dataFolders(options.data);
  const { images, saved } = options.folders ?? dataFolders(options.data);
  const models = new EngineModels(options.models, runtime, {
    graphs,
    ...(options.extraModels === undefined ? {} : { extra: options.extraModels }),
    budget,
    ...(options.mergedBytes === undefined ? {} : { merged: options.mergedBytes }),
    onLoaded,
    say: (sentence) => process.stderr.write(`${sentence}\n`),
  });
  const executor: Executor = { definitions, cache: new ResultCache(options.cacheBytes), reasons: new RunReasons() };
  const hashes = new ModelHashes([options.models, ...(options.extraModels ?? [])], modelHashes);
  const program = await packageVersion(packageRoot());
  const { name: device, provider } = runtime.device;
  const precision = runtime.precision === undefined ? {} : { precision: runtime.precision };
  const record: RuntimeRecord = { onnxruntime: await runtime.backend.version(), provider, device, ...precision };
  return {
    runtime,
    models,
    weights: budget,
    async *run(run) {
      const folders = run.output === undefined ? images : { ...images, output: run.output };
      const { workflow, targets, saveAs, job } = run;
      const planned = plan(workflow, run.catalogue, targets === undefined ? {} : { targets });
      const writer = new ManifestWriter({
        workflow,
        plan: planned,
        targets,
        definitions,
        program,
        runtime: record,
        catalogue: run.catalogue,
        hashes: (file) => hashes.of(file),
        now: new Date(),
      });
      const text = async (picture: number): Promise<PictureText> =>
        options.noMetadata ? new Map() : new Map([...pictureText(run), ['manifest', await writer.text(picture)]]);
      const store = imageStore({
        folders,
        text,
        now: () => new Date(),
        saveAs,
        ...(job === undefined ? {} : { job: { notes: saved, job } }),
      });
      const running = execute(executor, {
        plan: planned,
        context: { signal: run.signal, models, images: store },
        ...(run.fresh === undefined ? {} : { fresh: run.fresh }),
        ...(run.record === undefined ? {} : { record: run.record }),
        ...(run.keep === undefined ? {} : { keep: run.keep }),
      });
      for (let next = await running.next(); ; next = await running.next()) {
        if (next.done) {
          if (next.value.end !== 'cancelled') yield { type: 'manifest', manifest: await writer.manifest() };
          return next.value;
        }
        writer.hear(next.value);
        yield next.value;
      }
    },
    unload: (choice) => models.unload(choice),
    close: () => models.close(),
  };
}
