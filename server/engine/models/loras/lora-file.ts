import { GraphError, quote } from '../../../../nodes/kit/index.ts';
import type { Weight } from '../graph/weights.ts';
import { openSafetensors, readFloats, type SafetensorsFile } from '../safetensors/file.ts';
import type { StoredTensor } from '../safetensors/header.ts';
import { adapterScales, type ScaleOf } from './adapter-alphas.ts';

/** Networks that a LoRA may change. */
export type LoraPart = 'unet' | 'text_encoder' | 'text_encoder_2';

/** A change to one layer: strength · scale · up·down is added to its weight, or up·mid·down (LoCon's). */
export interface LoraLayer {
  readonly part: LoraPart;
  /** The layer's name with `_` for every dot. */
  readonly name: string;
  /** As the file has it, for messages. */
  readonly key: string;
  readonly up: Weight;
  readonly down: Weight;
  readonly mid?: Weight;
  /** alpha / rank, or / √rank where the file says so. */
  readonly scale: number;
}

/** A LoRA's file, sorted; `unknown` are keys of no known layout. */
export interface LoraFile {
  readonly file: SafetensorsFile;
  readonly layers: readonly LoraLayer[];
  readonly unknown: readonly string[];
}

/** What a tensor of a layer is, by the end of its key: kohya's, those of peft and the older ones of diffusers. */
const roles: readonly (readonly [RegExp, 'up' | 'down' | 'mid' | 'alpha'])[] = [
  [/\.lora_A(\.default)?\.weight$/, 'down'],
  [/\.lora_B(\.default)?\.weight$/, 'up'],
  [/\.lora_down\.weight$/, 'down'],
  [/\.lora_up\.weight$/, 'up'],
  [/\.lora_mid\.weight$/, 'mid'],
  [/(\.lora|_lora|\.lora_linear_layer)\.down\.weight$/, 'down'],
  [/(\.lora|_lora|\.lora_linear_layer)\.up\.weight$/, 'up'],
  [/(_lora)?\.alpha$/, 'alpha'],
];

/** Prefixes of networks, kohya's first. A model with one text encoder takes that of `te`, `te1` and `text_encoder`. */
const prefixes: readonly (readonly [RegExp, LoraPart])[] = [
  [/^lora_unet_/, 'unet'],
  [/^lora_te2_/, 'text_encoder_2'],
  [/^lora_te1?_/, 'text_encoder'],
  [/^unet\./, 'unet'],
  [/^diffusion_model\./, 'unet'],
  [/^text_encoder_2\./, 'text_encoder_2'],
  [/^text_encoder\./, 'text_encoder'],
  [/^base_model\.model\.(?=text_model\.)/, 'text_encoder'],
  [/^base_model\.model\./, 'unet'],
];

/** Other things than low-rank products that files may hold; leaving them out would give another picture. */
const otherMethods: readonly (readonly [RegExp, string])[] = [
  [/\.dora_scale$|lora_magnitude_vector/, 'DoRA'],
  [/\.hada_w[12]/, 'LoHa'],
  [/\.lokr_w[12]/, 'LoKr'],
  [/\.oft_(blocks|diag)/, 'OFT'],
];

/** The layer's name: dots as `_`, and the attention processors of older files as the layers they stand for. */
function layerName(rest: string, part: LoraPart): string {
  const plain = rest.replace('.processor.', '.').replace(/\.to_out$/, '.to_out.0');
  const text = plain.replace(/\.to_([qkv])$/, '.$1_proj').replace(/\.to_out\.0$/, '.out_proj');
  return (part === 'unet' ? plain : text).replaceAll('.', '_');
}

interface Sorted {
  readonly part: LoraPart;
  readonly name: string;
  /** Without the network's name, dots kept. */
  readonly dotted: string;
  readonly tensors: Map<string, Weight>;
  readonly key: string;
}

function sorted(tensors: ReadonlyMap<string, StoredTensor>): { layers: readonly Sorted[]; unknown: string[] } {
  const layers = new Map<string, Sorted>();
  const unknown: string[] = [];
  for (const [key, tensor] of tensors) {
    const role = roles.find(([ending]) => ending.test(key));
    const prefix = prefixes.find(([start]) => start.test(key));
    if (role === undefined || prefix === undefined) {
      unknown.push(key);
      continue;
    }
    const [part, whole] = [prefix[1], key.replace(role[0], '')];
    const dotted = whole.replace(prefix[0], '');
    const name = layerName(dotted, part);
    const layer = layers.get(`${part} ${name}`) ?? { part, name, dotted, tensors: new Map(), key: whole };
    layer.tensors.set(role[1], { ...tensor, key });
    layers.set(`${part} ${name}`, layer);
  }
  return { layers: [...layers.values()], unknown };
}

async function layerOf(
  { part, name, dotted, key, tensors }: Sorted,
  { path, scaleOf }: { path: string; scaleOf: ScaleOf },
): Promise<LoraLayer> {
  const [up, down, mid, alpha] = ['up', 'down', 'mid', 'alpha'].map((role) => tensors.get(role));
  if (up === undefined || down === undefined)
    throw new GraphError('bad-model', `The LoRA ${path} is not complete: ${key} has no ${up === undefined ? 'up' : 'down'} weight.`);
  const rank = down.shape[0] ?? 1;
  if (up.shape[1] !== (mid?.shape[0] ?? rank) || (mid !== undefined && mid.shape[1] !== rank))
    throw new GraphError('bad-model', `The LoRA ${path} is damaged: the weights of ${key} do not fit each other. Download it again.`);
  const [value] = alpha === undefined ? [] : await readFloats({ ...alpha, shape: [1] });
  const scale = value === undefined ? (scaleOf({ part, name: dotted, rank }) ?? 1) : value / rank;
  return { part, name, key, up, down, ...(mid === undefined ? {} : { mid }), scale };
}

/** Reads the names of a LoRA's file and its alphas. Throws `bad-model` for a damaged file, for one that is no LoRA, and for other methods. */
export async function readLora(given: string): Promise<LoraFile> {
  const file = await openSafetensors(given);
  const other = otherMethods.find(([pattern]) => [...file.tensors.keys()].some((key) => pattern.test(key)));
  if (other !== undefined)
    throw new GraphError('bad-model', `The file ${file.path} is a ${other[1]}, which cannot be used yet: only LoRA and LoCon can.`);
  const { layers: found, unknown } = sorted(file.tensors);
  if (found.length === 0)
    throw new GraphError(
      'bad-model',
      `The file ${file.path} is no LoRA: it has no weights such as lora_unet_….lora_down.weight or unet.….lora_A.weight, but ${quote(unknown[0] ?? 'nothing')}.`,
    );
  const scaleOf = adapterScales(file);
  const layers: LoraLayer[] = [];
  // One after the other: there are a thousand of them, each a read.
  for (const one of found) layers.push(await layerOf(one, { path: file.path, scaleOf }));
  return { file, layers, unknown };
}
