import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { GraphError } from '../../nodes/kit/index.ts';
import { cudaEnvironment } from '../cuda/home.ts';
import { pinnedSet } from '../cuda/packages.ts';
import { checkDeviceName, mayUseCuda, type PrecisionChoice, precisions } from '../engine/device-names.ts';

/** What every command takes. Paths are absolute. */
export interface CommonOptions {
  readonly models: string;
  readonly device: string;
  readonly data: string;
}

const defaultModels = 'models';

/** Results of nodes are kept up to this many bytes. */
export const cacheBytes = 1_000_000_000;

/** Adds `--models`, `--device` and `--data`. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('--models <dir>', 'folder with models; the embedded model is always there', defaultModels)
    .option('--device <name>', 'auto, cpu, cuda or cuda:N, webgpu, directml, coreml', checkDeviceName, 'auto')
    .option('--data <dir>', 'folder that holds input/, output/ and cache/', '.');
}

/** How a device is used. */
export interface DeviceOptions {
  readonly precision: PrecisionChoice;
  /** The most bytes of weights on the device. */
  readonly memory?: number;
}

function gigabytes(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value * 1e9;
  throw new GraphError('bad-value', `--memory expects gigabytes such as 6 or 7.5, got “${text}”.`);
}

/** Adds `--precision` and `--memory` to a command that runs networks. */
export function withDeviceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--precision <name>', 'how networks compute: auto is fp16 on CUDA, else as stored').choices(precisions).default('auto'),
    )
    .option('--memory <GB>', 'most weights kept on the device; by default most of what a GPU has free', gigabytes);
}

/** What a process that may use CUDA needs in its environment; nothing where CUDA is not installed or not wanted. */
export const deviceEnvironment = async (device: string): Promise<Readonly<Record<string, string>> | undefined> =>
  mayUseCuda(device) ? cudaEnvironment(process.env, pinnedSet) : undefined;

/** The common options with their paths made absolute. */
export const commonOptions = (given: { models: string; device: string; data: string }): CommonOptions => ({
  models: resolve(given.models),
  device: given.device,
  data: resolve(given.data),
});

/** Was `--models` left out, or is it what it would be then? */
export const isDefaultModels = (models: string): boolean => models === resolve(defaultModels);

/** Says on standard error that the folder of `--models` is not there; without the option there need not be one. */
export async function warnOfModels({ models }: CommonOptions): Promise<void> {
  if (isDefaultModels(models)) return;
  const there = await stat(models).catch(() => undefined);
  if (there?.isDirectory()) return;
  process.stderr.write(`Note: there is no folder ${models}; only the embedded model can be used.\n`);
}

/** Collects an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
