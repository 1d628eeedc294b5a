import type { DiffusionModel, ModelSampling, Prediction } from '../kit/index.ts';
import { edmSampling, exponentialFlow } from './continuous-sampling.ts';
import { distilledSampling, modelSampling } from './model-sampling.ts';
import { zeroTerminalSnr } from './noise-schedules.ts';

/** What a network over training steps may predict, by the names people know. */
export const discretePredictions = ['eps', 'v_prediction', 'lcm', 'x0'] as const;

/** The sampling of a model with another prediction, or with its schedule stretched to zero terminal SNR. */
export function discreteSampling(model: DiffusionModel, kind: (typeof discretePredictions)[number], zeroSnr: boolean): ModelSampling {
  const schedule = zeroSnr ? zeroTerminalSnr(model.sampling.schedule) : model.sampling.schedule;
  if (kind === 'lcm') return distilledSampling(schedule);
  const predictions = { eps: 'epsilon', v_prediction: 'v_prediction', x0: 'sample' } as const satisfies Record<string, Prediction>;
  return modelSampling(schedule, predictions[kind]);
}

/** A model whose network is told another guidance to imitate than 8.5 (the w + 1 of Luo et al. 2023). */
export function imitating(model: DiffusionModel, guidance: number): DiffusionModel {
  const { attention } = model;
  return {
    ...model,
    predict: (input) => model.predict({ ...input, guidance }),
    ...(attention === undefined ? {} : { attention: (input) => attention({ ...input, guidance }) }),
  };
}

/** What a network over a range of noise levels may predict, by the names people know. */
export const continuousPredictions = ['v_prediction', 'edm', 'edm_playground_v2.5', 'eps'] as const;

/** How Playground 2.5 lays its latents out: each of the four channels by its own mean and deviation. */
const playgroundLatents = {
  scale: 0.5,
  statistics: { mean: [-1.6574, 1.886, -1.383, 2.5155], deviation: [8.4927, 5.9022, 6.5498, 5.2299] },
} as const;

/** A model as one that was trained on a range of noise levels. */
export function continuousModel(
  model: DiffusionModel,
  kind: (typeof continuousPredictions)[number],
  range: { sigmaMin: number; sigmaMax: number },
): DiffusionModel {
  const predictions = { v_prediction: 'v_prediction', edm: 'edm', 'edm_playground_v2.5': 'edm', eps: 'epsilon' } as const;
  const prediction: Prediction = predictions[kind];
  const sampling = edmSampling({ ...range, prediction, sigmaData: prediction === 'edm' ? 0.5 : 1 });
  return { ...model, sampling, latent: { ...model.latent, ...(kind === 'edm_playground_v2.5' ? playgroundLatents : {}) } };
}

/** What the shift of FLUX.1's sampling follows; sizes in pixels. */
export interface FluxShift {
  readonly maxShift: number;
  readonly baseShift: number;
  readonly width: number;
  readonly height: number;
}

/** The shift μ is linear in the number of 16 × 16 patches: `baseShift` at 256 of them, `maxShift` at 4096. */
export function fluxSampling({ maxShift, baseShift, width, height }: FluxShift): ModelSampling {
  const slope = (maxShift - baseShift) / (4096 - 256);
  return exponentialFlow(((width * height) / 256) * slope + baseShift - slope * 256);
}
