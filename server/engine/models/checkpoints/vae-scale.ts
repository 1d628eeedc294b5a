import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { LatentScale } from '../../../../nodes/kit/index.ts';
import { families } from '../families.ts';
import type { SafetensorsFile } from '../safetensors/file.ts';

const Config = z.object({ scaling_factor: z.number().positive() });

/** The `config.json` beside a file that has the name diffusers gives; beside others it may belong to anything. */
async function scaleBeside(path: string): Promise<number | undefined> {
  if (!basename(path).startsWith('diffusion_pytorch_model')) return undefined;
  const text = await readFile(join(dirname(path), 'config.json'), 'utf8').catch(() => '');
  try {
    return Config.parse(JSON.parse(text)).scaling_factor;
  } catch {
    return undefined;
  }
}

/** What Stability's notes call the families (`modelspec.architecture`). */
const architectures: readonly (readonly [RegExp, number])[] = [
  [/^stable-diffusion-xl/i, families.sdxl.vaeScale],
  [/^stable-diffusion-v[12]\b/i, families.sd1.vaeScale],
];

/**
 * How the latents of a VAE's file are scaled. The VAEs of Stable Diffusion 1, 2 and XL have the same names and shapes, so only notes can tell: those in the file, or diffusers' beside it. Unknown
 * where there are none: a guess would make noise 1.4 times too strong or too weak.
 */
export async function vaeScale({ path, metadata }: SafetensorsFile): Promise<LatentScale> {
  const noted = architectures.find(([name]) => name.test(metadata.get('modelspec.architecture') ?? ''));
  return (await scaleBeside(path)) ?? noted?.[1] ?? 'unknown';
}
