import { exactModel } from '../diffusion/exact-model.ts';
import { mixtureDenoised } from '../diffusion/gaussian-mixture.ts';
import { defineNode, guider, model, noiseSchedule, pointMixture } from '../kit/index.ts';

/** A denoiser of points that is computed, not trained. */
export default defineNode({
  type: 'ExactScore',
  title: 'Exact score',
  category: 'model',
  help: 'The denoiser that a network could at best learn: for points whose distribution is known, the mean of all clean points that could lie behind a noisy one, computed exactly. Its arrow (the score) points to where points are denser.',
  inputs: {
    distribution: pointMixture({ label: 'distribution', help: 'From “Point cloud”.' }),
    schedule: noiseSchedule({ label: 'schedule', help: 'How noise grows over the training steps.' }),
  },
  outputs: {
    MODEL: model({ label: 'model', help: 'The same as a model, for nodes that want one.' }),
    GUIDER: guider({ label: 'denoiser', help: 'The denoiser, for a sampler loop.' }),
  },
  run({ distribution, schedule }) {
    const MODEL = exactModel(distribution, schedule);
    return { MODEL, GUIDER: { model: MODEL, denoise: async (x, sigma) => mixtureDenoised(distribution, x, sigma) } };
  },
});
