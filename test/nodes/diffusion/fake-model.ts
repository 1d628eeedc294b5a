import { modelSampling } from '../../../nodes/diffusion/model-sampling.ts';
import { scheduleFromConfig } from '../../../nodes/diffusion/noise-schedules.ts';
import type { Conditioning, DiffusionModel, NetworkInput, RunContext, Tensor } from '../../../nodes/kit/index.ts';
import { noImages, noModels } from '../no-files.ts';

/** Stable Diffusion's training noise. */
export const stableDiffusion = scheduleFromConfig({
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
  num_train_timesteps: 1000,
});

/** A network without weights: ε depends on the sample, the timestep and the first number of the prompt. Counts its runs and their batches. */
export function fakeModel(scale = 0.25): DiffusionModel & { readonly runs: NetworkInput[] } {
  const runs: NetworkInput[] = [];
  return {
    name: 'fake',
    runs,
    sampling: modelSampling(stableDiffusion, 'epsilon'),
    latent: { channels: 4, scale, downscale: 8 },
    async predict(input) {
      runs.push(input);
      const { sample, timestep, tokens } = input;
      const item = sample.data.length / (sample.dims[0] ?? 1);
      const perItem = tokens.data.length / (tokens.dims[0] ?? 1);
      const data = sample.data.map(
        (value, i) => Math.tanh(value) + 0.1 * (tokens.data[Math.floor(i / item) * perItem] ?? 0) + timestep / 1e4,
      );
      return { dims: sample.dims, data };
    },
    preview: () => ({ width: 1, height: 1, rgb: new Uint8Array(3) }),
  };
}

/** A prompt of `tokens` features of width 2 that all are `value`. */
export const prompt = (value: number, tokens = 3): Conditioning => ({
  tokens: { dims: [1, tokens, 2], data: new Float32Array(tokens * 2).fill(value) },
});

/** The largest difference between two tensors. */
export const apart = (a: Tensor, b: Tensor): number => {
  if (a.dims.join() !== b.dims.join()) return Number.POSITIVE_INFINITY;
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] ?? Number.NaN))), 0);
};

/** What a node that needs no files may touch. */
export const context = (signal = new AbortController().signal): RunContext => ({ signal, models: noModels, images: noImages });

/** Runs a generator to its end: everything that it yielded, and what it returned. */
export async function finish<E, R>(running: AsyncGenerator<E, R, void>): Promise<{ events: E[]; result: R }> {
  const events: E[] = [];
  for (let next = await running.next(); ; next = await running.next()) {
    if (next.done) return { events, result: next.value };
    events.push(next.value);
  }
}
