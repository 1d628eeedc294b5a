import { perpNegGuider } from '../diffusion/guidance.ts';
import { cfgPort, modelPort, negativePort, positivePort } from '../diffusion/sampler-ports.ts';
import { conditioning, defineNode, float, guider } from '../kit/index.ts';

/** Perp-Neg (Armandpour et al. 2023). */
export default defineNode({
  type: 'PerpNegGuider',
  title: 'U-Net (perpendicular)',
  category: 'sample',
  help: 'Takes away only that part of the unwanted prompt that does not also belong to the wanted one, so that avoiding something close to the prompt does not weaken the prompt. Runs the network three times a step.',
  inputs: {
    model: modelPort,
    positive: positivePort,
    negative: negativePort,
    empty_conditioning: conditioning({ label: 'empty prompt', help: 'A text encoder with nothing written in it.' }),
    cfg: cfgPort,
    neg_scale: float({ label: 'avoid', default: 1, min: 0, max: 100, slider: true, help: 'How strongly the unwanted part is taken away.' }),
  },
  outputs: { GUIDER: guider({ label: 'denoiser', help: 'The guided denoiser: the sampler calls it at each step.' }) },
  run: ({ model, positive, negative, empty_conditioning: empty, cfg, neg_scale: negativeScale }) => ({
    GUIDER: perpNegGuider(model, { positive, negative, empty, cfg, negativeScale }),
  }),
});
