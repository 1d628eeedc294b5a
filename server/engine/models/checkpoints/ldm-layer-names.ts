import type { UnetArchitecture } from '../networks/unet.ts';
import { resnetNames, singleNames } from './ldm-unet-names.ts';

const backwards = (names: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(names).map(([ldm, own]) => [own, ldm]));

/** Where the blocks of a U-Net lie in latent diffusion's numbering: `down_blocks.0.resnets.1` → `input_blocks.2.0`. */
function blockPlaces({ down, up }: Pick<UnetArchitecture, 'down' | 'up'>): ReadonlyMap<string, string> {
  const places = new Map<string, string>([
    ['mid_block.resnets.0', 'middle_block.0'],
    ['mid_block.attentions.0', 'middle_block.1'],
    ['mid_block.resnets.1', 'middle_block.2'],
  ]);
  let number = 1;
  down.forEach(({ depths }, level) => {
    depths.forEach((_, i) => {
      places.set(`down_blocks.${level}.resnets.${i}`, `input_blocks.${number}.0`);
      places.set(`down_blocks.${level}.attentions.${i}`, `input_blocks.${number}.1`);
      number += 1;
    });
    if (level < down.length - 1) places.set(`down_blocks.${level}.downsamplers.0`, `input_blocks.${number++}.0`);
  });
  number = 0;
  up.forEach(({ depths }, level) => {
    depths.forEach((_, i) => {
      places.set(`up_blocks.${level}.resnets.${i}`, `output_blocks.${number}.0`);
      places.set(`up_blocks.${level}.attentions.${i}`, `output_blocks.${number}.1`);
      number += 1;
    });
    places.set(`up_blocks.${level}.upsamplers.0`, `output_blocks.${number - 1}.${(depths.at(-1) ?? 0) > 0 ? 2 : 1}`);
  });
  return places;
}

/** Names of a U-Net's layers in latent diffusion's files, from those of diffusers (both without `.weight`); as adapters of SDXL use them. */
export function ldmLayerName(architecture: Pick<UnetArchitecture, 'down' | 'up'>): (layer: string) => string | undefined {
  const places = blockPlaces(architecture);
  const [single, resnet] = [backwards(singleNames), backwards(resnetNames)];
  return (layer) => {
    const [, block = '', inner = ''] = /^((?:(?:down|up)_blocks\.\d+|mid_block)\.[a-z]+\.\d+)\.(.+)$/.exec(layer) ?? [];
    const place = places.get(block);
    if (place === undefined) return single.get(layer);
    if (block.includes('.resnets.')) return `${place}.${resnet.get(inner) ?? inner}`;
    if (block.includes('.downsamplers.')) return `${place}.op`;
    return `${place}.${inner}`;
  };
}
