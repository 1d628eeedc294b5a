import { z } from 'zod';
import { GraphError } from '../../../../nodes/kit/index.ts';
import type { SafetensorsFile } from '../safetensors/file.ts';
import type { LoraPart } from './lora-file.ts';

/** Where newer diffusers put the settings of peft into a file: JSON with the network's name before each. */
const metadataKey = 'lora_adapter_metadata';

const Settings = z.record(z.string(), z.unknown());
const Alpha = z.number().finite();
const Alphas = z.record(z.string(), Alpha);

/** Factor of a layer's low-rank product; `layer` is its name with dots, without the network's. Undefined where the file does not say. */
export type ScaleOf = (layer: { readonly part: LoraPart; readonly name: string; readonly rank: number }) => number | undefined;

interface PartSettings {
  readonly alpha: number | undefined;
  readonly patterns: readonly (readonly [(name: string) => boolean, number])[];
  /** Rank-stabilised (Kalajdzievski 2023): alpha / √rank. */
  readonly stabilised: boolean;
}

const bad = ({ path }: SafetensorsFile, what: string): GraphError =>
  new GraphError(
    'bad-model',
    `The LoRA ${path} cannot be used: its ${metadataKey} ${what}. Download it again, or save it anew with diffusers.`,
  );

/**
 * Whether a layer is meant: its whole name, or the end of it behind a dot, as peft matches them. Names are what diffusers writes; other patterns would have to be run as
 * regular expressions from a file, so they are refused.
 */
function matcher(pattern: string, file: SafetensorsFile): (name: string) => boolean {
  const [, anchor, name = ''] = /^(\^?)((?:[\w.-]|\\\.)+)\$?$/.exec(pattern) ?? [];
  if (name === '') throw bad(file, `gives an alpha for the pattern ${JSON.stringify(pattern.slice(0, 100))}, which is no name of a layer`);
  const plain = name.replaceAll('\\.', '.');
  return (layer) => layer === plain || (anchor === '' && layer.endsWith(`.${plain}`));
}

function partSettings(all: Readonly<Record<string, unknown>>, part: LoraPart, file: SafetensorsFile): PartSettings {
  const alpha = Alpha.optional().safeParse(all[`${part}.lora_alpha`]);
  const patterns = Alphas.nullish().safeParse(all[`${part}.alpha_pattern`]);
  if (!alpha.success || !patterns.success) throw bad(file, `has an alpha of ${part} that is no number`);
  return {
    alpha: alpha.data,
    patterns: Object.entries(patterns.data ?? {}).map(([pattern, value]) => [matcher(pattern, file), value]),
    stabilised: all[`${part}.use_rslora`] === true,
  };
}

function settingsOf(text: string, file: SafetensorsFile): Readonly<Record<string, unknown>> {
  try {
    return Settings.parse(JSON.parse(text));
  } catch {
    throw bad(file, 'is no JSON object');
  }
}

/** Reads alphas from the notes that diffusers puts into a file's header. Throws `bad-model` where they are damaged. */
export function adapterScales(file: SafetensorsFile): ScaleOf {
  const text = file.metadata.get(metadataKey);
  if (text === undefined) return () => undefined;
  const all = settingsOf(text, file);
  const parts = new Map((['unet', 'text_encoder', 'text_encoder_2'] as const).map((part) => [part, partSettings(all, part, file)]));
  return ({ part, name, rank }) => {
    const { alpha, patterns = [], stabilised } = parts.get(part) ?? {};
    // Newer text encoders have no `text_model.` around them; files and their notes may have it or not.
    const names = [name, name.replace(/^text_model\./, ''), `text_model.${name}`];
    const own = patterns.find(([matches]) => names.some(matches))?.[1] ?? alpha;
    return own === undefined ? undefined : own / (stabilised === true ? Math.sqrt(rank) : rank);
  };
}
