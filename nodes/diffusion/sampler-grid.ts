import { GraphError } from '../kit/index.ts';
import { type SamplerName, samplerNames } from './samplers/index.ts';

/** The values of a sampler run that a grid may vary from column to column. */
export const variedValues = ['seed', 'cfg', 'steps', 'sampler', 'denoise'] as const;
export type VariedValue = (typeof variedValues)[number];

/** What one picture of a grid is made with. */
export interface SamplerSettings {
  readonly seed: bigint;
  readonly cfg: number;
  readonly steps: number;
  readonly sampler: SamplerName;
  readonly denoise: number;
}

/** One column: its settings, what to write above it, and where it stands on an axis. */
export interface GridColumn {
  readonly settings: SamplerSettings;
  readonly label: string;
  readonly position: number;
}

/** More pictures than this are refused. */
const mostPictures = 256;

const bad = (message: string): GraphError => new GraphError('bad-value', message, { place: { port: 'values' } });

function number(text: string, { min, max, whole }: { min: number; max: number; whole: boolean }): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw bad(
    `“${text}” is no ${whole ? 'whole ' : ''}number from ${min} to ${max}. Write values with commas between them, such as 1, 2, 4.`,
  );
}

function seedOf(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text);
  throw bad(`“${text}” is no seed: a seed is a whole number from 0 to 18446744073709551615.`);
}

function samplerOf(text: string): SamplerName {
  const found = samplerNames.find((name) => name === text);
  if (found !== undefined) return found;
  throw bad(`There is no sampler “${text}”: choose ${samplerNames.join(', ')}.`);
}

function changed(base: SamplerSettings, vary: VariedValue, text: string): { settings: SamplerSettings; label: string } {
  switch (vary) {
    case 'seed':
      return { settings: { ...base, seed: seedOf(text) }, label: `seed ${text}` };
    case 'cfg':
      return { settings: { ...base, cfg: number(text, { min: 0, max: 100, whole: false }) }, label: `cfg ${text}` };
    case 'steps':
      return {
        settings: { ...base, steps: number(text, { min: 1, max: 1000, whole: true }) },
        label: text === '1' ? '1 step' : `${text} steps`,
      };
    case 'sampler':
      return { settings: { ...base, sampler: samplerOf(text) }, label: text };
    case 'denoise':
      return { settings: { ...base, denoise: number(text, { min: 0.001, max: 1, whole: false }) }, label: `denoise ${text}` };
  }
}

/** The columns of a grid: `values` with commas between them. Throws `bad-value` for one that cannot be used, or for none, or too many. */
export function gridColumns(
  base: SamplerSettings,
  vary: VariedValue,
  { values, rows }: { values: string; rows: number },
): readonly GridColumn[] {
  const texts = values
    .split(/[,;\n]/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (texts.length === 0) throw bad('There are no values to try. Write some with commas between them, such as 1, 2, 4.');
  if (texts.length * rows > mostPictures) {
    throw bad(`${texts.length} values for ${rows} prompts are ${texts.length * rows} pictures, more than ${mostPictures}. Give fewer.`);
  }
  return texts.map((text, index) => {
    const { settings, label } = changed(base, vary, text);
    const position = Number(text);
    return { settings, label, position: Number.isFinite(position) && vary !== 'seed' ? position : index + 1 };
  });
}
