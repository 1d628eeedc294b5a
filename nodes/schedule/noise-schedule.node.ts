import { modelSampling } from '../diffusion/model-sampling.ts';
import { betaCurves, scheduleFromConfig } from '../diffusion/noise-schedules.ts';
import { sigmasFor } from '../diffusion/sigma-schedules.ts';
import {
  type Curve,
  choice,
  type DiffusionModel,
  defineNode,
  float,
  GraphError,
  int,
  model,
  type NodeEvent,
  type NoiseSchedule,
  noiseSchedule,
  optional,
  type Plot,
  sigmas,
} from '../kit/index.ts';

const points = 101;

/** A curve over the training steps, thinned for drawing. */
const sampled = (values: Float64Array, map: (value: number) => number = (value) => value): number[] =>
  Array.from({ length: points }, (_, i) => map(values[Math.round((i * (values.length - 1)) / (points - 1))] ?? 0));

const curvesOf = (schedules: readonly NoiseSchedule[], pick: (schedule: NoiseSchedule) => number[]): Curve[] =>
  schedules.map((schedule) => ({ label: schedule.name, y: pick(schedule) }));

function plotOf(schedules: readonly NoiseSchedule[]): Plot {
  const steps = schedules[0]?.betas.length ?? 1;
  return {
    title: `noise schedule: ${schedules[0]?.name ?? ''}`,
    xLabel: 't',
    x: Array.from({ length: points }, (_, i) => Math.round((i * (steps - 1)) / (points - 1))),
    panels: [
      { label: 'β', curves: curvesOf(schedules, ({ betas }) => sampled(betas)) },
      { label: 'ᾱ', curves: curvesOf(schedules, ({ alphasCumprod }) => sampled(alphasCumprod)) },
      {
        label: 'log SNR',
        curves: curvesOf(schedules, ({ sigmas: levels }) => sampled(levels, (sigma) => -2 * Math.log(Math.max(sigma, 1e-6)))),
      },
    ],
  };
}

function trainedWith(model: DiffusionModel | undefined): NoiseSchedule {
  if (model !== undefined) return model.sampling.schedule;
  throw new GraphError('missing-input', '“from model” needs a model: wire one to the model input, or choose a curve.', {
    place: { port: 'model' },
  });
}

/** The training noise of a diffusion model, drawn in the node. */
export default defineNode({
  type: 'NoiseSchedule',
  title: 'Noise schedule',
  category: 'schedule',
  effect: 'show',
  help: 'How noise grows over the training steps t: β is the noise added at each step, ᾱ the share of the picture that is left, log SNR the signal against the noise. The first curve is this schedule, the fainter ones are the others.',
  inputs: {
    model: optional(model({ label: 'model', help: 'Take the schedule this model was trained with (choose “from model” below).' })),
    beta_schedule: choice(['from model', ...betaCurves], {
      default: 'scaled_linear',
      label: 'curve',
      help: 'linear is DDPM’s, scaled_linear is Stable Diffusion’s, cosine keeps more of the picture for longer.',
    }),
    timesteps: int({
      label: 'training steps',
      unit: 'steps',
      default: 1000,
      min: 2,
      max: 10_000,
      advanced: true,
      help: 'T, the number of training steps.',
    }),
    beta_start: float({
      label: 'β start',
      default: 0.00085,
      min: 0.000001,
      max: 0.5,
      step: 0.00001,
      advanced: true,
      help: 'β at t = 0. The cosine curve ignores it.',
    }),
    beta_end: float({
      label: 'β end',
      default: 0.012,
      min: 0.000001,
      max: 0.999,
      step: 0.0001,
      advanced: true,
      help: 'β at the last t. The cosine curve ignores it.',
    }),
    steps: int({
      label: 'steps',
      unit: 'steps',
      default: 20,
      min: 1,
      max: 10_000,
      help: 'How many sampling steps the sigmas output has, evenly spaced in t.',
    }),
  },
  outputs: {
    NOISE_SCHEDULE: noiseSchedule({ label: 'schedule', help: 'β, ᾱ and σ for each training step.' }),
    SIGMAS: sigmas({ label: 'sigmas', help: 'The noise levels of a sampling run over this schedule.' }),
  },
  async *run({
    model: source,
    beta_schedule,
    timesteps,
    beta_start,
    beta_end,
    steps,
  }): AsyncGenerator<NodeEvent, { NOISE_SCHEDULE: NoiseSchedule; SIGMAS: Float32Array }, void> {
    const config = { beta_start, beta_end, num_train_timesteps: timesteps };
    const schedule = beta_schedule === 'from model' ? trainedWith(source) : scheduleFromConfig({ ...config, beta_schedule });
    const others = betaCurves
      .filter((name) => name !== schedule.name)
      .map((name) => scheduleFromConfig({ ...config, beta_schedule: name }));
    yield { kind: 'show', content: { kind: 'plot', plot: plotOf([schedule, ...others]) } };
    const sampling = modelSampling(schedule, 'epsilon');
    return { NOISE_SCHEDULE: schedule, SIGMAS: sigmasFor(sampling, { scheduler: 'normal', steps, denoise: 1 }) };
  },
});
