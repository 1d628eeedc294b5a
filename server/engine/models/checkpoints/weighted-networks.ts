import type { LoraPart } from '../loras/lora-file.ts';
import type { WeightedNetwork } from '../loras/network-part.ts';
import { clipTextGraph } from '../networks/clip-text.ts';
import { unetGraph } from '../networks/unet.ts';
import type { SafetensorsCheckpoint } from './checkpoint.ts';

/** The networks of a checkpoint that LoRAs may change. A lone text encoder is changed by what is for the first, and the refiner's by what is for the second too. */
export function weightedNetworks({ path, files, family, unet, encoders }: SafetensorsCheckpoint): readonly WeightedNetwork[] {
  const place = { path, files };
  const names = family === 'sdxl-refiner' ? (['text_encoder_2'] as const) : (['text_encoder', 'text_encoder_2'] as const);
  const texts = encoders.flatMap(({ architecture, weights }, i): WeightedNetwork[] => {
    const part = names[i];
    if (part === undefined) return [];
    const parts: readonly LoraPart[] = family === 'sdxl-refiner' ? ['text_encoder', 'text_encoder_2'] : [part];
    const build: WeightedNetwork['build'] = (changed) => clipTextGraph(architecture, changed);
    return [{ ...place, part, parts, title: 'text encoder', weights, figures: architecture, build }];
  });
  if (unet === undefined) return texts;
  const { architecture, weights } = unet;
  const build: WeightedNetwork['build'] = (changed) => unetGraph(architecture, changed);
  return [{ ...place, part: 'unet', parts: ['unet'], title: 'U-Net', weights, unet: architecture, figures: architecture, build }, ...texts];
}
