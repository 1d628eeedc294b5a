import { choice, conditioning, float, latent, model, seed } from '../kit/index.ts';
import { samplerNames } from './samplers/index.ts';
import { stepsPort } from './schedule-ports.ts';
import { sigmaScheduleNames } from './sigma-schedules.ts';

/** Ports that the nodes of sampling share. */
export const modelPort = model({ label: 'model', help: 'The network that removes noise.' });
export const positivePort = conditioning({ label: 'prompt', help: 'What the picture should show.' });
export const negativePort = conditioning({ label: 'avoid', help: 'What to steer away from; an empty prompt is fine.' });
export const latentPort = latent({ label: 'latent', help: 'An empty latent, or an encoded picture for image to image.' });
export const seedPort = seed({ label: 'seed', help: 'The same seed gives the same picture.' });
export const cfgPort = float({
  label: 'guidance',
  default: 8,
  min: 0,
  max: 100,
  step: 0.1,
  slider: true,
  help: 'How strongly the prompt counts (cfg). 1 ignores the unwanted prompt and runs twice as fast; too high looks burnt.',
});
export const samplerNamePort = choice(samplerNames, { default: 'euler', label: 'sampler', help: 'How each step is taken.' });
export const schedulerPort = choice(sigmaScheduleNames, { default: 'normal', label: 'spacing', help: 'How the noise levels are spread.' });

/** What a sampler that holds everything takes after its seed, in this order. */
export const ksamplerPorts = {
  steps: stepsPort,
  cfg: cfgPort,
  sampler_name: samplerNamePort,
  scheduler: schedulerPort,
  positive: positivePort,
  negative: negativePort,
  latent_image: latentPort,
};
