import { readFileSync } from 'node:fs';
import type { Conditioning, Latent, Mask, PromptArea } from '../../nodes/kit/index.ts';
import { ramp } from './node-runs.ts';

/** A mask of test/reference/guidance_cases.py: drawn by a formula, or a box. */
interface MaskSpec {
  readonly shape: readonly number[];
  readonly box?: readonly [left: number, top: number, width: number, height: number];
  readonly strength?: number;
  readonly bounds?: boolean;
}

/** A prompt there; areas are height, width, y, x. */
export interface PromptSpec {
  readonly value: number;
  readonly tokens?: number;
  readonly strength?: number;
  readonly area?: readonly [number, number, number, number];
  readonly share?: readonly [number, number, number, number];
  readonly start_percent?: number;
  readonly end_percent?: number;
  readonly mask?: MaskSpec;
  readonly inpaint?: { readonly mask: MaskSpec; readonly shape: readonly number[] };
}

/** A latent there. */
export interface LatentSpec {
  readonly shape: readonly number[];
  readonly empty?: boolean;
  readonly mask?: MaskSpec;
  readonly batch_index?: readonly number[];
}

/** Inputs of a node there, by name. */
export type NodeInputs = Readonly<Record<string, unknown>>;

/** A run there and what came of it: for each node its latents, every `stride`th value. */
export interface SamplingCase {
  readonly title: string;
  readonly latent: LatentSpec;
  readonly nodes: readonly (readonly [type: string, inputs: NodeInputs])[];
  readonly prediction?: string;
  readonly inpaints?: boolean;
  readonly patches?: readonly (readonly [type: string, inputs: NodeInputs])[];
  readonly results: readonly (readonly (readonly (number | null)[])[])[];
}

/** What test/reference/make_guidance.py wrote. */
export function samplingCases(): { readonly stride: number; readonly cases: readonly SamplingCase[] } {
  return JSON.parse(readFileSync(new URL('../reference/guidance.json', import.meta.url), 'utf8'));
}

function maskOf({ shape, box }: MaskSpec): Mask {
  const [, height = 0, width = 0] = shape;
  const size = shape.reduce((product, side) => product * side, 1);
  const [left, top, boxWidth, boxHeight] = box ?? [0, 0, 0, 0];
  const data = Float32Array.from({ length: size }, (_, i) => {
    if (box === undefined) return Math.min(Math.max(0.5 + 0.8 * Math.sin(0.37 * i), 0), 1);
    const [x, y] = [i % width, Math.floor(i / width) % height];
    return x >= left && x < left + boxWidth && y >= top && y < top + boxHeight ? 1 : 0;
  });
  return { dims: shape, data };
}

function areaOf({ area, share }: PromptSpec): PromptArea | undefined {
  const [height, width, y, x] = area ?? share ?? [0, 0, 0, 0];
  if (area === undefined && share === undefined) return undefined;
  return { unit: area === undefined ? 'share' : 'cells', x, y, width, height };
}

/** The prompts of a case, as our nodes would leave them. */
export const promptsOf = (prompts: readonly PromptSpec[]): readonly Conditioning[] =>
  prompts.map((spec) => {
    const { value, tokens = 3, strength, start_percent: start, end_percent: end, mask, inpaint } = spec;
    const area = areaOf(spec);
    return {
      tokens: { dims: [1, tokens, 2], data: new Float32Array(tokens * 2).fill(value) },
      ...(strength !== undefined && { strength }),
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
      ...(area && { area }),
      ...(mask && { mask: { mask: maskOf(mask), strength: mask.strength ?? 1, boundsOnly: mask.bounds ?? false } }),
      ...(inpaint && { inpaint: { mask: maskOf(inpaint.mask), latent: ramp(inpaint.shape, 8) } }),
    };
  });

/** The latent of a case. */
export const latentOf = ({ shape, empty, mask, batch_index: batchIndex }: LatentSpec): Latent => {
  const samples = ramp(shape);
  return {
    samples: empty ? { dims: shape, data: samples.data.fill(0) } : samples,
    ...(mask && { noiseMask: maskOf(mask) }),
    ...(batchIndex && { batchIndex }),
  };
};
