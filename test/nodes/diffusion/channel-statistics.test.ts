import { expect, it } from 'vitest';
import { toScaled, toUnscaled } from '../../../nodes/diffusion/parameterisation.ts';
import { continuousModel } from '../../../nodes/diffusion/sampling-overrides.ts';
import { zeros } from '../../../nodes/kit/index.ts';
import { fakeModel } from './fake-model.ts';

const model = fakeModel();
const range = { sigmaMin: 0.002, sigmaMax: 80 };
const latent = { dims: [1, 4, 1, 2], data: Float32Array.of(-1.6574, 6.8353, 1.886, 1.886, -1.383, 5.1668, 2.5155, -2.7144) };

it('Playground’s latents go to the network and back by the mean and deviation of each channel', () => {
  const { latent: format, sampling } = continuousModel(model, 'edm_playground_v2.5', range);
  expect(sampling).toMatchObject({ prediction: 'edm', sigmaData: 0.5, ...range });
  // Where a channel has its mean there is 0, one deviation above it 0.5.
  const scaled = toScaled(latent, format);
  for (const [i, value] of [0, 0.5, 0, 0, 0, 0.5, 0, -0.5].entries()) expect(scaled.data[i]).toBeCloseTo(value, 5);
  const back = toUnscaled(scaled, format);
  for (const [i, value] of latent.data.entries()) expect(back.data[i]).toBeCloseTo(value, 5);
  expect(toScaled(zeros([1, 4, 2, 2]), format).data.every((value) => value === 0)).toBe(true);
});

it('other networks over a range keep the latents of their model', () => {
  for (const kind of ['edm', 'v_prediction', 'eps'] as const) expect(continuousModel(model, kind, range).latent).toEqual(model.latent);
});
