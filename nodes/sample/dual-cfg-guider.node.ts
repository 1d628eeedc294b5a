import { dualGuider } from '../diffusion/guidance.ts';
import { modelPort, negativePort } from '../diffusion/sampler-ports.ts';
import { choice, conditioning, defineNode, float, guider } from '../kit/index.ts';

/** Guidance by two prompts (Brooks et al. 2023). */
export default defineNode({
  type: 'DualCFGGuider',
  title: 'U-Net (two prompts)',
  category: 'sample',
  help: 'Guides with two prompts at once, each with its own strength: the first is pushed away from the second, the second from the unwanted one. Editing models take the picture to edit as the second.',
  inputs: {
    model: modelPort,
    cond1: conditioning({ label: 'first prompt', help: 'What the picture should show most of all.' }),
    cond2: conditioning({ label: 'second prompt', help: 'What it should be close to besides.' }),
    negative: negativePort,
    cfg_conds: float({
      label: 'first guidance',
      default: 8,
      min: 0,
      max: 100,
      step: 0.1,
      slider: true,
      help: 'How strongly the first prompt counts against the second.',
    }),
    cfg_cond2_negative: float({
      label: 'second guidance',
      default: 8,
      min: 0,
      max: 100,
      step: 0.1,
      slider: true,
      help: 'How strongly the second prompt counts against the unwanted one.',
    }),
    style: choice(['regular', 'nested'], { label: 'style', advanced: true, help: 'nested guides what the two prompts give together.' }),
  },
  outputs: { GUIDER: guider({ label: 'denoiser', help: 'The guided denoiser: the sampler calls it at each step.' }) },
  run: ({ model, cond1: first, cond2: second, negative, cfg_conds: cfgFirst, cfg_cond2_negative: cfgSecond, style }) => ({
    GUIDER: dualGuider(model, { first, second, negative, cfgFirst, cfgSecond, nested: style === 'nested' }),
  }),
});
