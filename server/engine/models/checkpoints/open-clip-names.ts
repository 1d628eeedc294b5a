import { rowsOf, type Weight } from '../graph/weights.ts';

/** Names of OpenCLIP's text encoder → those of transformers. */
const names: Readonly<Record<string, string>> = {
  'token_embedding.weight': 'text_model.embeddings.token_embedding.weight',
  positional_embedding: 'text_model.embeddings.position_embedding.weight',
  'ln_final.weight': 'text_model.final_layer_norm.weight',
  'ln_final.bias': 'text_model.final_layer_norm.bias',
};

const layerNames: Readonly<Record<string, string>> = {
  ln_1: 'layer_norm1',
  ln_2: 'layer_norm2',
  'attn.out_proj': 'self_attn.out_proj',
  'mlp.c_fc': 'mlp.fc1',
  'mlp.c_proj': 'mlp.fc2',
};

/** Query, key and value lie one after the other in one weight: three ranges of it. */
function threeOf(weight: Weight, prefix: string, ending: string): [string, Weight][] {
  const count = Math.floor((weight.shape[0] ?? 0) / 3);
  return ['q_proj', 'k_proj', 'v_proj'].map((name, i) => [`${prefix}.self_attn.${name}.${ending}`, rowsOf(weight, i * count, count)]);
}

/** A weight of OpenCLIP's text encoder by the names of transformers; empty where it has none. */
export function openClipWeights(key: string, weight: Weight): [string, Weight][] {
  if (key === 'text_projection') return [['text_projection.weight', { ...weight, transposed: true }]];
  const single = names[key];
  if (single !== undefined) return [[single, weight]];
  const [, number, layer = '', ending = ''] = /^transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)$/.exec(key) ?? [];
  if (number === undefined) return [];
  const prefix = `text_model.encoder.layers.${number}`;
  if (layer === 'attn.in_proj') return threeOf(weight, prefix, ending);
  const name = layerNames[layer];
  return name === undefined ? [] : [[`${prefix}.${name}.${ending}`, weight]];
}
