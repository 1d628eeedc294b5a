import type { Prediction } from '../../../../nodes/kit/index.ts';
import type { Family } from '../families.ts';
import type { Weights } from '../graph/weights.ts';
import { readFloats, type SafetensorsFile } from '../safetensors/file.ts';
import { contextWidth } from './architecture.ts';
import type { EncoderWeights } from './parts.ts';

/** Sizes that the pooled prompt is joined by: six of the base model, five of the refiner. */
const refinerAdds = 1280 + 5 * 256;

/** The family of a single file, from its parts; undefined for what is no Stable Diffusion. */
export function familyOf(unet: Weights, encoders: readonly EncoderWeights[]): Family | undefined {
  if (!unet.has('conv_in.weight') || contextWidth(unet) === 0) return undefined;
  const added = unet.get('add_embedding.linear_1.weight')?.shape[1];
  if (added !== undefined) return added === refinerAdds || encoders.length === 1 ? 'sdxl-refiner' : 'sdxl';
  if (encoders.length > 0) return encoders[0]?.origin === 'open-clip' ? 'sd2' : 'sd1';
  return contextWidth(unet) === 1024 ? 'sd2' : 'sd1';
}

/** Above this spread of the biases a Stable Diffusion 2 predicts v: the two kinds have the same shapes, and this is what tells them apart in practice. */
const spreadOfVelocity = 0.09;

function spread(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(values.length - 1, 1));
}

function lastNorm(unet: Weights): string | undefined {
  return [...unet.keys()]
    .filter((name) => /^up_blocks\.\d+\.attentions\.\d+\.transformer_blocks\.0\.norm1\.bias$/.test(name))
    .sort()
    .at(-1);
}

/** What a single file's network predicts: what its notes say, else what its family or its keys do, else by the spread of a bias. */
export async function predictionOf(family: Family, unet: Weights, file: SafetensorsFile): Promise<Prediction> {
  const said = file.metadata.get('modelspec.prediction_type');
  if (said === 'v' || said === 'v_prediction' || file.tensors.has('v_pred')) return 'v_prediction';
  if (said === 'epsilon' || family !== 'sd2' || unet.get('conv_in.weight')?.shape[1] !== 4) return 'epsilon';
  const bias = unet.get(lastNorm(unet) ?? '');
  return bias !== undefined && spread(await readFloats(bias)) > spreadOfVelocity ? 'v_prediction' : 'epsilon';
}
