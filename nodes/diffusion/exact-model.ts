import { combine, type DiffusionModel, type NoiseSchedule, type PointMixture, scale } from '../kit/index.ts';
import { mixtureDenoised } from './gaussian-mixture.ts';
import { modelSampling } from './model-sampling.ts';
import { pointPreview } from './point-picture.ts';

/** A diffusion model of points in the plane that needs no network: its noise prediction is computed from the mixture. Prompts say nothing to it. */
export function exactModel(mixture: PointMixture, schedule: NoiseSchedule): DiffusionModel {
  const sampling = modelSampling(schedule, 'epsilon');
  return {
    name: 'exact score',
    sampling,
    latent: { channels: 2, scale: 1, downscale: 1 },
    async predict({ sample, timestep }) {
      const sigma = sampling.sigma(timestep);
      const x = scale(sample, Math.sqrt(1 + sigma ** 2));
      return combine(1 / sigma, x, -1 / sigma, mixtureDenoised(mixture, x, sigma));
    },
    preview: (points) => pointPreview(points, { size: 96, reach: 3 }),
  };
}
