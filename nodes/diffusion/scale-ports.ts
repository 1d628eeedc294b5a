import { choice, resizeMethods } from '../kit/index.ts';
import { latentMethods } from './scaled-planes.ts';

/** Ports that the nodes share which scale pictures and latents. */
export const imageMethodPort = choice(resizeMethods, {
  default: 'bicubic',
  label: 'method',
  help: 'lanczos and bicubic are sharp, area is best for shrinking, nearest-exact keeps hard pixels.',
});
export const latentMethodPort = choice(latentMethods, {
  label: 'method',
  help: 'nearest-exact repeats cells, bilinear and bicubic are smooth, area is best for shrinking, bislerp keeps contrast.',
});
export const cropPort = choice(['disabled', 'center'], {
  label: 'crop',
  help: 'center cuts the sides to keep the proportions, disabled stretches.',
});
