import { rescaledJoin } from '../diffusion/rescaled-guidance.ts';
import { defineNode, float, model } from '../kit/index.ts';

/** Rescaled guidance (Lin et al. 2024, section 3.4). */
export default defineNode({
  type: 'RescaleCFG',
  title: 'Rescale guidance',
  category: 'model',
  help: 'Brings the spread of the guided guess back to that of the prompt alone, so that strong guidance does not overexpose. Meant for models that predict v.',
  inputs: {
    model: model({ label: 'model', help: 'The network that removes noise.' }),
    multiplier: float({ label: 'amount', default: 0.7, min: 0, max: 1, slider: true, help: '0 changes nothing, 1 rescales in full.' }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The same network, sampled that way.' }) },
  run: ({ model: network, multiplier }) => ({ MODEL: { ...network, joinGuesses: rescaledJoin(multiplier) } }),
});
