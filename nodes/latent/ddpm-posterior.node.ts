import { stepOfSigma, trainingStep } from '../diffusion/forward-process.ts';
import { eachItem, inForm, levelsOf, networkScale, requireClean } from '../diffusion/noisy-latents.ts';
import { posteriorMean, posteriorWeights } from '../diffusion/posterior.ts';
import { torchNormal } from '../diffusion/random.ts';
import { combine, concatBatch, defineNode, GraphError, int, latent, noiseSchedule, seed, sliceBatch } from '../kit/index.ts';

/** q(x_{t−k} | x_t, x_0) in closed form. */
export default defineNode({
  type: 'DDPMPosterior',
  title: 'Posterior',
  category: 'latent',
  help: 'One step back, when the clean picture is known: where x_{t−1} lies, given x_t and x₀. Wire the real picture and you get the aim of training (μ̃); wire the network’s clean guess and you get what a sampler does (μ_θ).',
  inputs: {
    x_t: latent({ label: 'x_t', help: 'The noisy latent, or a batch of them.' }),
    x_0: latent({ label: 'x₀', help: 'The clean latent: the real one or a guess. One for all of a batch, or one for each.' }),
    schedule: noiseSchedule({ label: 'schedule', help: 'The schedule that x_t was made with.' }),
    back: int({
      label: 'steps back',
      default: 1,
      min: 1,
      max: 9999,
      help: 'How many training steps to go back at once. A single one changes too little to be seen.',
    }),
    seed: seed({ label: 'seed', advanced: true, help: 'Which noise the drawn latent gets.' }),
  },
  outputs: {
    mean: latent({ label: 'mean', help: 'The middle of the posterior: the best guess of the earlier latent.' }),
    sample: latent({ label: 'drawn', help: 'A draw from the posterior: the mean with its share of fresh noise.' }),
  },
  run({ x_t, x_0, schedule, back, seed: chance }) {
    requireClean(x_0, 'The posterior, at x₀,');
    const items = eachItem(inForm(x_t, 'preserving'));
    const given = x_0.samples.dims[0] ?? 0;
    if (given !== 1 && given !== items.length) {
      throw new GraphError(
        'size-mismatch',
        `There are ${items.length} noisy latents and ${given} clean ones. Give one clean latent, or as many.`,
        {
          place: { port: 'x_0' },
        },
      );
    }
    const stream = torchNormal(chance);
    const steps = items.map(({ item, sigma }, index) => {
      const t = stepOfSigma(schedule, sigma);
      const s = Math.max(t - back, -1);
      const weights = posteriorWeights(schedule, { t, s });
      const mean = posteriorMean(weights, sliceBatch(x_0.samples, given === 1 ? 0 : index, 1), item.samples);
      const drawn = combine(1, mean, Math.sqrt(weights.variance) / networkScale(x_t), stream(mean.dims));
      return { mean, drawn, sigma: s < 0 ? 0 : trainingStep(schedule, s).sigma };
    });
    const noise = levelsOf(
      steps.map(({ sigma }) => sigma),
      'preserving',
    );
    return {
      mean: { ...x_t, samples: concatBatch(steps.map(({ mean }) => mean)), noise },
      sample: { ...x_t, samples: concatBatch(steps.map(({ drawn }) => drawn)), noise },
    };
  },
});
