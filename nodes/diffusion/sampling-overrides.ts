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
export const continuousPredictions = ['v_prediction', 'edm', 'eps'] as const;

/** The sampling of a model that was trained on a range of noise levels. */
export function continuousSampling(
  kind: (typeof continuousPredictions)[number],
  range: { sigmaMin: number; sigmaMax: number },
): ModelSampling {
  const prediction: Prediction = kind === 'eps' ? 'epsilon' : kind;
  return edmSampling({ ...range, prediction, sigmaData: kind === 'edm' ? 0.5 : 1 });
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
