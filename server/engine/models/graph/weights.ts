import type { StoredTensor } from '../safetensors/header.ts';

/** A weight of a network: a range of a file. `key` is its name there, for messages. */
export interface Weight extends StoredTensor {
  readonly key: string;
  /** A matrix that is stored as [inputs, outputs] instead of [outputs, inputs]. */
  readonly transposed?: boolean;
}

/** Weights by the names of diffusers and transformers, relative to their part: `down_blocks.0.resnets.0.conv1.weight`. */
export type Weights = ReadonlyMap<string, Weight>;

/** Rows `start … start+count−1` of the first axis: a part of the same range. */
export function rowsOf(weight: Weight, start: number, count: number): Weight {
  const bytes = (weight.bytes / Math.max(weight.shape[0] ?? 1, 1)) * count;
  const offset = weight.offset + (weight.bytes / Math.max(weight.shape[0] ?? 1, 1)) * start;
  return { ...weight, shape: [count, ...weight.shape.slice(1)], offset, bytes };
}

/** The same weights, those of `changed` in their place: a side file of touched weights, for instance. */
export const withChanged = (weights: Weights, changed: Weights): Weights => new Map([...weights, ...changed]);
