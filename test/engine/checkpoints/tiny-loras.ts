import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sizeOf } from '../../../nodes/kit/index.ts';
import { floats, type Written } from './safetensors-file.ts';
import { uniform } from './tiny-checkpoints.ts';

const Some = z.object({ shape: z.array(z.number()), step: z.number(), values: z.array(z.number()) });
const Reference = z.object({
  files: z.record(z.string(), z.object({ shapes: z.record(z.string(), z.array(z.number())), alphas: z.record(z.string(), z.number()) })),
  cases: z.array(z.object({ kind: z.string(), stack: z.array(z.tuple([z.string(), z.number()])), unet: Some, features: Some })),
});

const reference = Reference.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../reference/loras.json'), 'utf8')));

/** Which LoRAs at which strengths on which tiny model, and what diffusers and peft compute with them (test/reference/make_loras.py). */
export const loraCases = reference.cases;

/** Names of the LoRAs. */
export const loraNames = Object.keys(reference.files);

/** All tensors of a LoRA by name. */
export function loraTensors(name: string): Record<string, Written> {
  const { shapes, alphas } = reference.files[name] ?? { shapes: {}, alphas: {} };
  const weights = Object.entries(shapes).map(([key, shape]): [string, Written] => [
    key,
    floats(
      shape,
      Float32Array.from(uniform(`lora/${key}`, sizeOf(shape)), (value) => 0.4 * value),
    ),
  ]);
  return Object.fromEntries([...weights, ...Object.entries(alphas).map(([key, alpha]): [string, Written] => [key, floats([], [alpha])])]);
}
