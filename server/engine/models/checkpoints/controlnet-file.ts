import { type Family, families } from '../families.ts';
import type { Weight, Weights } from '../graph/weights.ts';
import { type ControlNetArchitecture, controlNetGraph } from '../networks/controlnet.ts';
import { openSafetensors, type SafetensorsFile } from '../safetensors/file.ts';
import { badFile } from '../safetensors/header.ts';
import { contextWidth, unetArchitecture } from './architecture.ts';
import type { GraphRequest } from './graph-cache.ts';
import { ldmUnetNames } from './ldm-unet-names.ts';
import { asWeights } from './parts.ts';

/** A ControlNet with everything but the weights read. */
export interface ControlNetFile {
  readonly file: SafetensorsFile;
  readonly family: Family;
  readonly architecture: ControlNetArchitecture;
  readonly weights: Weights;
}

/** Names outside of the U-Net's copy in files of the original code → those of diffusers. */
function ownName(key: string): string | undefined {
  const [, number = '', ending = ''] = /^input_hint_block\.(\d+)\.(weight|bias)$/.exec(key) ?? [];
  if (number === '0') return `controlnet_cond_embedding.conv_in.${ending}`;
  if (number === '14') return `controlnet_cond_embedding.conv_out.${ending}`;
  if (number !== '') return `controlnet_cond_embedding.blocks.${Number(number) / 2 - 1}.${ending}`;
  const crossing = /^zero_convs\.(\d+)\.0\.(weight|bias)$/.exec(key);
  if (crossing !== null) return `controlnet_down_blocks.${crossing[1]}.${crossing[2]}`;
  return /^middle_block_out\.0\./.test(key) ? key.replace('middle_block_out.0', 'controlnet_mid_block') : undefined;
}

/** A ControlNet's weights by the names of diffusers, from those names or from the original code's with or without its prefix. */
function controlWeights(stored: ReadonlyMap<string, Weight>): Weights {
  const bare = new Map([...stored].map(([key, weight]) => [key.replace(/^control_model\./, ''), weight]));
  if (!bare.has('zero_convs.0.0.weight')) return bare;
  const names = ldmUnetNames([...bare.keys()]);
  return new Map(
    [...bare].flatMap(([key, weight]): [string, Weight][] => {
      const name = ownName(key) ?? names.get(key);
      return name === undefined ? [] : [[name, weight]];
    }),
  );
}

/** What looks like a ControlNet and works in another way, by a key of it. */
const others: readonly (readonly [ending: string, what: string])[] = [
  ['lora_controlnet', 'a Control-LoRA'],
  ['task_embedding', 'a union of several ControlNets'],
  ['control_add_embedding.linear_1.weight', 'a union of several ControlNets'],
  ['adapter.body.0.in_conv.weight', 'a T2I-Adapter'],
  ['body.0.in_conv.weight', 'a T2I-Adapter'],
  ['difference', 'a ControlNet stored as the difference to a model'],
];

/** Do these keys look like a ControlNet's, or like something that is taken for one? A whole checkpoint that has one in it does not. */
export const looksLikeControlNet = (keys: readonly string[]): boolean =>
  !keys.some((key) => key.startsWith('model.diffusion_model.')) &&
  keys.some(
    (key) => /^(control_model\.)?(zero_convs\.|input_hint_block\.)|^controlnet_/.test(key) || others.some(([other]) => key === other),
  );

const channelsOf = (weights: Weights, name: string): number => weights.get(`controlnet_cond_embedding.${name}.weight`)?.shape[0] ?? 0;

function hintChannels(weights: Weights): number[] {
  const found = [channelsOf(weights, 'conv_in')];
  for (let i = 1; channelsOf(weights, `blocks.${i}`) > 0; i += 2) found.push(channelsOf(weights, `blocks.${i}`));
  return found;
}

const sizeWidth = 256;
const refinerAdds = 1280 + 5 * sizeWidth;

/** Width of the pooled prompt: what is left of the joined figures without the sizes of the picture. */
const pooledWidth = (adds: number): number => (adds === refinerAdds ? 1280 : adds - 6 * sizeWidth);

/** Reads everything but the weights of a ControlNet. Throws `bad-model`. */
export async function readControlNet(path: string): Promise<ControlNetFile> {
  const file = await openSafetensors(path);
  const other = others.find(([key]) => file.tensors.has(key));
  if (other !== undefined) throw badFile(file.path, `is ${other[1]}, which this version does not run`);
  const weights = controlWeights(asWeights(file.tensors));
  if (
    !weights.has('controlnet_mid_block.weight') ||
    !weights.has('controlnet_cond_embedding.conv_in.weight') ||
    contextWidth(weights) === 0
  )
    throw badFile(file.path, 'is no ControlNet of Stable Diffusion 1, 2 or XL: it has neither zero_convs nor controlnet_down_blocks');
  const adds = weights.get('add_embedding.linear_1.weight')?.shape[1];
  const family: Family = adds !== undefined ? 'sdxl' : contextWidth(weights) === 1024 ? 'sd2' : 'sd1';
  const { heads } = families[family];
  const unet = unetArchitecture(weights, { heads, sizeWidth, ...(adds === undefined ? {} : { pooled: pooledWidth(adds) }) });
  return { file, family, architecture: { unet, hint: hintChannels(weights) }, weights };
}

/** What is written for a ControlNet. */
export const controlNetRequest = ({ file, architecture, weights }: ControlNetFile): GraphRequest => ({
  path: file.path,
  files: [file],
  figures: architecture,
  graphs: () => new Map([['controlnet' as const, controlNetGraph(architecture, weights)]]),
});
