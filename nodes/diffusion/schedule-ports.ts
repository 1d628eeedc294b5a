import { float, int, sigmas } from '../kit/index.ts';

/** Ports that several nodes of schedules share. */
export const stepsPort = int({
  label: 'steps',
  unit: 'steps',
  default: 20,
  min: 1,
  max: 10_000,
  slider: true,
  help: 'How many steps to take.',
});

export const sigmaMaxPort = float({
  label: 'σ max',
  default: 14.614642,
  min: 0.000001,
  max: 5000,
  help: 'The noise level to start from. 14.61 is where Stable Diffusion’s training ends.',
});

export const sigmaMinPort = float({
  label: 'σ min',
  default: 0.0291675,
  min: 0.000001,
  max: 5000,
  help: 'The last noise level before 0.',
});

export const denoisePort = float({
  label: 'denoise',
  default: 1,
  min: 0,
  max: 1,
  slider: true,
  help: '1 starts from pure noise. Less keeps part of the latent that goes in: image to image.',
});

export const sigmasOut = sigmas({ label: 'sigmas', help: 'The noise levels, from high to low.' });
