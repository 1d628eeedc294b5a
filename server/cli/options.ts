import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { GraphError } from '../../nodes/kit/index.ts';
import { cudaEnvironment } from '../cuda/home.ts';
import { pinnedSet } from '../cuda/packages.ts';
import { checkDeviceName, checkDeviceNames, mayUseCuda, type PrecisionChoice, precisions } from '../engine/device-names.ts';
import { locatePickles } from '../engine/models/list.ts';
import { pickleReason } from '../engine/models/model-formats.ts';
import type { EngineOptions } from '../engine/types.ts';

/** What every command takes. Paths are absolute. */
export interface CommonOptions {
  readonly models: string;
  /** More folders with models. */
  readonly extraModels: readonly string[];
  readonly device: string;
  readonly data: string;
}

const defaultModels = 'models';

/** Results of nodes are kept up to this many bytes unless told otherwise. */
const usualCache = 1_000_000_000;

/** Weights that LoRAs changed are kept on disk up to this many bytes unless told otherwise: a few for SDXL, twenty for Stable Diffusion 1. */
const usualMerged = 20_000_000_000;

/** Adds `--models`, `--device` and `--data`. */
export function withCommonOptions(command: Command): Command {
  return withFolders(command).option('--device <name>', deviceChoices, checkDeviceName, 'auto');
}

const deviceChoices = 'auto, cpu, cuda or cuda:N, webgpu, directml, coreml';

function deviceList(names: string): string {
  checkDeviceNames(names);
  return names;
}

/** Adds `--models` and `--data`, and a `--device` that may name several. */
export function withSeveralDevices(command: Command, data = '.'): Command {
  return withFolders(command, data).option(
    '--device <names>',
    `${deviceChoices}; several with commas, one engine each; none leaves all work to workers`,
    deviceList,
    'auto',
  );
}

function withFolders(command: Command, data = '.'): Command {
  return command
    .option('--models <dir>', 'folder with models; the embedded model is always there', defaultModels)
    .option('--extra-models <dir>', 'another folder with models, such as that of ComfyUI; may be repeated', collect)
    .option('--data <dir>', 'folder that holds input/, output/ and cache/', data);
}

/** How a device is used, and what saved pictures carry. */
export interface DeviceOptions {
  readonly precision: PrecisionChoice;
  /** The most bytes of weights on the device. */
  readonly memory?: number;
  /** The most bytes of results of nodes that are kept. */
  readonly cache: number;
  /** The most bytes on disk of weights that LoRAs changed. */
  readonly merged: number;
  /** False: saved pictures carry neither workflow nor manifest. */
  readonly metadata?: boolean;
}

/** Reads gigabytes as bytes; `least` is the smallest number that makes sense. */
const gigabytes =
  (option: string, least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value >= least) return value * 1e9;
    throw new GraphError('bad-value', `${option} expects gigabytes such as 6 or 7.5, got “${text}”.`);
  };

/** Adds `--precision`, `--memory`, `--cache` and `--merged` to a command that runs networks. */
export function withDeviceOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--precision <name>',
        'how networks compute: auto is fp16 on CUDA, else as stored; int8 is quicker on a CPU and a little coarser',
      )
        .choices(precisions)
        .default('auto'),
    )
    .option('--memory <GB>', 'most weights kept on the device; by default most of what a GPU has free', gigabytes('--memory', 1e-3))
    .option('--cache <GB>', 'most results of nodes kept for reuse; 0 keeps none', gigabytes('--cache', 0), usualCache)
    .option('--merged <GB>', 'most weights merged with LoRAs kept on disk for reuse', gigabytes('--merged', 0), usualMerged);
}

/** Adds `--no-metadata` to a command that saves pictures. */
export const withSavingOptions = (command: Command): Command =>
  command.option('--no-metadata', 'save pictures without the workflow and what they were made with');

/** What an engine in this process is opened with. */
export const engineOptions = ({
  device,
  models,
  extraModels,
  data,
  precision,
  memory,
  cache,
  merged,
  metadata,
}: CommonOptions & DeviceOptions): EngineOptions => ({
  device,
  models,
  extraModels,
  data,
  cacheBytes: cache,
  mergedBytes: merged,
  precision,
  ...(memory === undefined ? {} : { memory }),
  ...(metadata === false ? { noMetadata: true } : {}),
});

/** What a process that may use CUDA needs in its environment; nothing where CUDA is not installed or not wanted. */
export const deviceEnvironment = async (device: string): Promise<Readonly<Record<string, string>> | undefined> =>
  mayUseCuda(device) ? cudaEnvironment(process.env, pinnedSet) : undefined;

/** An engine child that is to be started. */
export interface EngineDevice {
  readonly device: string;
  readonly settings: { readonly env?: Readonly<Record<string, string>> };
}

/** One for each device of a list such as `cuda:0,cuda:1`. Throws `device-unavailable`. */
export const engineDevices = (names: string): Promise<readonly EngineDevice[]> =>
  Promise.all(
    checkDeviceNames(names).map(async (device) => {
      const env = await deviceEnvironment(device);
      return { device, settings: env === undefined ? {} : { env } };
    }),
  );

/** The common options with their paths made absolute. */
export const commonOptions = (given: { models: string; extraModels?: readonly string[]; device: string; data: string }): CommonOptions => ({
  models: resolve(given.models),
  extraModels: (given.extraModels ?? []).map((folder) => resolve(folder)),
  device: given.device,
  data: resolve(given.data),
});

/** Was `--models` left out, or is it what it would be then? */
export const isDefaultModels = (models: string): boolean => models === resolve(defaultModels);

/** Says on standard error which folders of models are not there, without the option there need not be one, and which files are not used. */
export async function warnOfModels({ models, extraModels }: CommonOptions): Promise<void> {
  const folders = [...(isDefaultModels(models) ? [] : [models]), ...extraModels];
  for (const folder of folders) {
    const there = await stat(folder).catch(() => undefined);
    if (!there?.isDirectory())
      process.stderr.write(
        `Note: there is no folder ${folder}; ${folders.length === 1 ? 'only the embedded model can be used' : 'no models are taken from it'}.\n`,
      );
  }
  const pickles = await locatePickles(models, extraModels);
  if (pickles.length > 0)
    process.stderr.write(`Note: not used: ${pickles.slice(0, 5).join(', ')}${pickles.length > 5 ? ' …' : ''}. ${pickleReason}\n`);
}

/** Collects an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
