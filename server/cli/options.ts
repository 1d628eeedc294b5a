import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { checkDeviceName } from '../engine/device-names.ts';

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
    .option('--device <name>', 'auto, cpu, cuda or cuda:N', checkDeviceName, 'auto')
    .option('--data <dir>', 'folder that holds input/, output/ and cache/', '.');
}

/** The common options with their paths made absolute. */
export const commonOptions = (given: { models: string; device: string; data: string }): CommonOptions => ({
  models: resolve(given.models),
  device: given.device,
  data: resolve(given.data),
});

/** Says on standard error that the folder of `--models` is not there; without the option there need not be one. */
export async function warnOfModels({ models }: CommonOptions): Promise<void> {
  if (models === resolve(defaultModels)) return;
  const there = await stat(models).catch(() => undefined);
  if (there?.isDirectory()) return;
  process.stderr.write(`Note: there is no folder ${models}; only the embedded model can be used.\n`);
}

/** Collects an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
