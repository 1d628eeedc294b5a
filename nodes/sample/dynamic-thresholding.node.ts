import { thresholded } from '../diffusion/thresholding.ts';
import { defineNode, float, guider } from '../kit/index.ts';

/** Dynamic thresholding (Saharia et al. 2022, section 2.3). */
export default defineNode({
  type: 'GuiderThreshold',
  title: 'Threshold',
  category: 'sample',
  help: 'Keeps the clean guess from growing out of bounds under strong guidance: where more than a share of its values lie above a limit, all are clipped and shrunk to it (dynamic thresholding).',
  inputs: {
    guider: guider({ label: 'denoiser', help: 'Any guided denoiser.' }),
    percentile: float({
      label: 'share',
      default: 0.995,
      min: 0.5,
      max: 1,
      step: 0.001,
      slider: true,
      help: 'The share of values that may stay as they are.',
    }),
    limit: float({
      label: 'limit',
      default: 4,
      min: 0.1,
      max: 100,
      step: 0.1,
      help: 'Values up to this are never touched. Latents of Stable Diffusion rarely go beyond 4.',
    }),
  },
  outputs: { GUIDER: guider({ label: 'denoiser', help: 'The same denoiser, its guesses kept in bounds.' }) },
  run: ({ guider: inner, percentile, limit }) => ({ GUIDER: thresholded(inner, { percentile, limit }) }),
});
