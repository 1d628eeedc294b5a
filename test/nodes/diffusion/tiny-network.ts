import { shiftedFlow } from '../../../nodes/diffusion/continuous-sampling.ts';
import { modelSampling } from '../../../nodes/diffusion/model-sampling.ts';
import type { DiffusionModel, ModelSampling, NetworkInput, Tensor } from '../../../nodes/kit/index.ts';
import { stableDiffusion } from './fake-model.ts';

const samplings: Readonly<Record<string, ModelSampling>> = {
  EPS: modelSampling(stableDiffusion, 'epsilon'),
  V_PREDICTION: modelSampling(stableDiffusion, 'v_prediction'),
  FLOW: shiftedFlow(1),
};

/** The network of test/reference/tiny_network.py. */
function output({ sample, timestep, tokens }: NetworkInput): Tensor {
  const [batch = 0, all = 0, height = 0, width = 0] = sample.dims;
  const plane = height * width;
  const data = new Float32Array(batch * 4 * plane);
  const features = tokens.data.length / batch;
  const time = 0.1 * Math.sin(timestep / 300);
  for (let i = 0; i < data.length; i++) {
    const [item, channel, cell] = [Math.floor(i / (4 * plane)), Math.floor(i / plane) % 4, i % plane];
    const at = (c: number): number => sample.data[(item * all + c) * plane + cell] ?? Number.NaN;
    const own = tokens.data.subarray(item * features, (item + 1) * features);
    const prompt = Math.tanh(own.reduce((sum, value) => sum + value, 0) / features);
    const place = 0.05 * Math.sin(Math.floor(cell / width) + 2 * (cell % width));
    const extra = all > 4 ? 0.3 * at(4) + 0.2 * Math.sin(at(5 + channel)) : 0;
    data[i] = 0.6 * Math.sin(at(channel)) + 0.5 * prompt * Math.cos(0.5 * at(channel)) + place + time + extra;
  }
  return { dims: [batch, 4, height, width], data };
}

/** A model with Stable Diffusion's latents around that network; it counts the items of its runs. */
export function tinyModel({ prediction = 'EPS', inpaints = false }: { prediction?: string; inpaints?: boolean }): DiffusionModel & {
  readonly runs: number[];
} {
  const sampling = samplings[prediction];
  if (sampling === undefined) throw new Error(`There is no prediction ${prediction}.`);
  const runs: number[] = [];
  return {
    name: 'tiny',
    runs,
    inpaints,
    sampling,
    latent: { channels: 4, scale: 0.18215, downscale: 8 },
    async predict(input) {
      runs.push(input.sample.dims[0] ?? 0);
      return output(input);
    },
    preview: () => ({ width: 1, height: 1, rgb: new Uint8Array(3) }),
  };
}
