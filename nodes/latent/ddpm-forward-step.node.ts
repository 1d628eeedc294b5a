import { forwardSteps, trainingStep } from '../diffusion/forward-process.ts';
import { inForm, networkScale, requireClean, sameLevel, shownSigma } from '../diffusion/noisy-latents.ts';
import { torchNormal } from '../diffusion/random.ts';
import { defineNode, GraphError, int, type Latent, latent, type NoiseSchedule, noiseSchedule, scale, seed } from '../kit/index.ts';

/** The latent that step `first` goes on from: clean for 0, else with the noise of the step before. */
function startOf(x: Latent, schedule: NoiseSchedule, first: number): Latent {
  if (first === 0) {
    requireClean(x, 'Step 0 of the forward process');
    return x;
  }
  const wanted = trainingStep(schedule, first - 1).sigma;
  const held = x.noise?.sigma ?? 0;
  if (x.noise?.each === undefined && sameLevel(held, wanted)) return inForm(x, 'preserving');
  throw new GraphError(
    'noise-mismatch',
    `Step ${first} goes on from x_${first - 1} with noise of σ = ${shownSigma(wanted)}, but this latent holds σ = ${shownSigma(held)}. Wire the latent of step ${first - 1}, or begin at 0 with a clean one.`,
    { place: { port: 'x' } },
  );
}

/** q(x_t | x_{t−1}) = N(√(1−β_t)·x_{t−1}, β_t·I), one or several steps. */
export default defineNode({
  type: 'DDPMForwardStep',
  title: 'Single forward steps',
  category: 'latent',
  help: 'Adds noise in single training steps, fresh noise at each: x_t = √(1−β_t)·x_{t−1} + √β_t·ε. After all steps up to t the result is spread like that of “Forward process”, which gets there in one go.',
  inputs: {
    x: latent({ label: 'x', help: 'A clean latent if the first step is 0, else the latent of the step before.' }),
    schedule: noiseSchedule({ label: 'schedule', help: 'How much noise each step adds (β).' }),
    first: int({ label: 'first t', default: 0, min: 0, max: 9999, help: 'The first training step to take, counted from 0.' }),
    t: int({ label: 'last t', default: 250, min: 0, max: 9999, help: 'The last training step to take.' }),
    seed: seed({ label: 'seed', help: 'Which noise to add.' }),
  },
  outputs: { x_t: latent({ label: 'x_t', help: 'The latent after the last step; it remembers how much noise it holds.' }) },
  run({ x, schedule, first, t, seed: chance }) {
    const start = startOf(x, schedule, first);
    const { sigma } = trainingStep(schedule, t);
    if (t < first) {
      throw new GraphError('bad-value', `The last step ${t} is before the first step ${first}. Choose a later last step.`, {
        place: { port: 't' },
      });
    }
    const stream = torchNormal(chance);
    const unit = 1 / networkScale(start);
    const samples = forwardSteps(start.samples, { schedule, first, last: t }, (dims) => scale(stream(dims), unit));
    return { x_t: { ...start, samples, noise: { sigma, form: 'preserving' } } };
  },
});
