import { evenSteps, forwardAt, trainingStep } from '../diffusion/forward-process.ts';
import { levelsOf, networkScale, requireClean } from '../diffusion/noisy-latents.ts';
import { torchNormal } from '../diffusion/random.ts';
import { concatBatch, defineNode, int, latent, noiseSchedule, scale, seed, sliceBatch, text } from '../kit/index.ts';

/** x_t at several t, as a batch. */
export default defineNode({
  type: 'ForwardSeries',
  title: 'Forward process in steps',
  category: 'latent',
  help: 'The forward process at several training steps t, as a batch: the same picture with the same noise, from little to much. Decode it and wire it to a film strip.',
  inputs: {
    x_0: latent({ label: 'x₀', help: 'A clean latent; of a batch the first one.' }),
    schedule: noiseSchedule({ label: 'schedule', help: 'How noise grows over the training steps.' }),
    frames: int({ label: 'frames', default: 8, min: 1, max: 64, slider: true, help: 'How many training steps to show, evenly spread.' }),
    first: int({ label: 'first t', default: 0, min: 0, max: 9999, help: 'The first training step.' }),
    last: int({ label: 'last t', default: 999, min: 0, max: 9999, help: 'The last training step.' }),
    seed: seed({ label: 'seed', help: 'Which noise to add; the same noise at every t.' }),
  },
  outputs: {
    x_t: latent({ label: 'x_t', help: 'The noisy latents as a batch; each remembers how much noise it holds.' }),
    noise: latent({ label: 'ε', help: 'The noise that was added.' }),
    labels: text({ label: 'labels', help: '“t = …” for each, for a film strip or an image grid.' }),
  },
  run({ x_0, schedule, frames, first, last, seed: chance }) {
    requireClean(x_0, 'The forward process');
    const clean = sliceBatch(x_0.samples, 0, 1);
    const epsilon = scale(torchNormal(chance)(clean.dims), 1 / networkScale(x_0));
    const times = evenSteps({ first, last, count: frames });
    const steps = times.map((t) => trainingStep(schedule, t));
    const samples = concatBatch(steps.map(({ alphaBar }) => forwardAt(clean, epsilon, alphaBar)));
    const levels = steps.map(({ sigma }) => sigma);
    return {
      x_t: { ...x_0, samples, noise: levelsOf(levels, 'preserving') },
      noise: { ...x_0, samples: epsilon },
      labels: times.map((t) => `t = ${t}`).join('\n'),
    };
  },
});
