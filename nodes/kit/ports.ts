import type { Plot } from './content.ts';
import type { NoiseSchedule } from './noise-levels.ts';
import type { Guider, Noise, Sampler, Sigmas } from './sampling.ts';
import type {
  Autoencoder,
  Conditionings,
  ControlNetwork,
  DiffusionModel,
  Image,
  Latent,
  Mask,
  PointMixture,
  TextEncoder,
} from './values.ts';

/** Kinds of files that are parts of models. */
export const partSources = ['loras', 'vae', 'clip', 'unet', 'controlnets'] as const;
/** One of {@link partSources}. */
export type PartSource = (typeof partSources)[number];

/** Lists that only a server knows: what is in the models folder, what is in the input folder. */
export type ChoiceSource = 'checkpoints' | 'input-images' | PartSource;

/**
 * Which sides of a latent a model takes, in cells: multiples of `multiple`, or exactly those that its export fixed.
 */
export interface SizeRule {
  readonly multiple: number;
  readonly width?: number;
  readonly height?: number;
}

/** How a value is edited. A port without a widget takes its value from a wire only. */
export type Widget =
  | { readonly kind: 'int'; readonly min: number; readonly max: number; readonly step: number; readonly slider?: boolean }
  | { readonly kind: 'float'; readonly min: number; readonly max: number; readonly step: number; readonly slider?: boolean }
  /** An integer from 0 to 2^64−1, never rounded. */
  | { readonly kind: 'seed' }
  /** 0xRRGGBB. */
  | { readonly kind: 'color' }
  | { readonly kind: 'text'; readonly multiline?: boolean; readonly placeholder?: string }
  | { readonly kind: 'toggle' }
  | {
      readonly kind: 'choice';
      readonly options: readonly string[];
      readonly source?: ChoiceSource;
      readonly upload?: boolean;
      /** What those of the models take that do not take latents of every size. */
      readonly sizes?: Readonly<Record<string, SizeRule>>;
    };

/** A value as it stands in a document. Integers beyond 2^53 are bigint in memory, digits in JSON. */
export type Literal = string | number | bigint | boolean;

declare const carried: unique symbol;

/** One input or output of a node: plain data, so that the page and the API see exactly what the engine sees. */
export interface Port<T = unknown> {
  /** What may be wired to what: `LATENT`, `INT`, …; `*` is anything, `A,B` either. */
  readonly type: string;
  /** A sentence that a beginner understands. */
  readonly help: string;
  /** Shown instead of the name. */
  readonly label?: string;
  /** `px`, `steps`, … */
  readonly unit?: string;
  readonly optional?: boolean;
  /** Shown only in the side panel, not in the node. */
  readonly advanced?: boolean;
  /** This field alone sets that side of the latent that the node gives, in pixels, 8 for each cell. */
  readonly latentSide?: 'width' | 'height';
  readonly widget?: Widget;
  readonly default?: Literal;
  /** Never present: carries the TypeScript type. */
  readonly [carried]?: T;
}

/** The ports of one side of a node, in order. */
export type Ports = { readonly [name: string]: Port };

/** The TypeScript values that a set of ports carries. */
export type Values<P extends Ports> = { readonly [K in keyof P]: P[K] extends Port<infer T> ? T : never };

/** What every port may say of itself. */
export interface PortInfo {
  readonly help: string;
  readonly label?: string;
  readonly unit?: string;
  readonly advanced?: boolean;
  readonly latentSide?: 'width' | 'height';
}

type Range = PortInfo & {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly slider?: boolean;
};

function omitted<T extends object, K extends keyof T>(from: T, ...names: K[]): Omit<T, K> {
  const copy = { ...from };
  for (const name of names) delete copy[name];
  return copy;
}

function numeric(kind: 'int' | 'float', type: string, range: Range): Port<number> {
  const { min, max, step = kind === 'int' ? 1 : 0.01, slider } = range;
  const widget = { kind, min, max, step, ...(slider === undefined ? {} : { slider }) };
  return { ...omitted(range, 'min', 'max', 'step', 'slider'), type, widget };
}

/** A whole number within limits. */
export const int = (range: Range): Port<number> => numeric('int', 'INT', range);

/** A number within limits. */
export const float = (range: Range): Port<number> => numeric('float', 'FLOAT', range);

/** A random seed, 0…2^64−1, exact. */
export const seed = (info: PortInfo): Port<bigint> => ({ ...info, type: 'INT', widget: { kind: 'seed' }, default: 0 });

/** A colour 0xRRGGBB. */
export const color = (info: PortInfo & { readonly default: number }): Port<number> => ({ ...info, type: 'INT', widget: { kind: 'color' } });

/** Text; `multiline` gives a box. */
export function text(
  info: PortInfo & { readonly default?: string; readonly multiline?: boolean; readonly placeholder?: string },
): Port<string> {
  const { multiline, placeholder } = info;
  const widget = { kind: 'text' as const, ...(multiline ? { multiline } : {}), ...(placeholder === undefined ? {} : { placeholder }) };
  return { ...omitted(info, 'multiline', 'placeholder'), default: info.default ?? '', type: 'STRING', widget };
}

/** On or off. */
export const toggle = (info: PortInfo & { readonly default: boolean }): Port<boolean> => ({
  ...info,
  type: 'BOOLEAN',
  widget: { kind: 'toggle' },
});

/** One of a fixed list. */
export function choice<const O extends readonly string[]>(options: O, info: PortInfo & { readonly default?: O[number] }): Port<O[number]> {
  const initial = info.default ?? options[0];
  return { ...info, type: 'COMBO', widget: { kind: 'choice', options }, ...(initial === undefined ? {} : { default: initial }) };
}

/** One of a list that the server fills in; `upload` lets the page add to it. */
export function choiceFrom(source: ChoiceSource, info: PortInfo & { readonly upload?: boolean }): Port<string> {
  const { upload } = info;
  return { ...omitted(info, 'upload'), type: 'COMBO', widget: { kind: 'choice', options: [], source, ...(upload ? { upload } : {}) } };
}

const wire =
  <T>(type: string) =>
  (info: PortInfo): Port<T> => ({ ...info, type });

export const model = wire<DiffusionModel>('MODEL');
export const clip = wire<TextEncoder>('CLIP');
export const vae = wire<Autoencoder>('VAE');
export const conditioning = wire<Conditionings>('CONDITIONING');
export const controlNetwork = wire<ControlNetwork>('CONTROL_NET');
export const latent = wire<Latent>('LATENT');
export const image = wire<Image>('IMAGE');
export const mask = wire<Mask>('MASK');
export const noiseSchedule = wire<NoiseSchedule>('NOISE_SCHEDULE');
export const sigmas = wire<Sigmas>('SIGMAS');
export const guider = wire<Guider>('GUIDER');
export const sampler = wire<Sampler>('SAMPLER');
export const noise = wire<Noise>('NOISE');
export const pointMixture = wire<PointMixture>('POINT_MIXTURE');
export const plot = wire<Plot>('PLOT');
/** Anything at all; the node must pass it on untouched. */
export const any = wire<unknown>('*');

/** The same port, which may be left unwired. */
export const optional = <T>(port: Port<T>): Port<T | undefined> => ({ ...port, optional: true });
