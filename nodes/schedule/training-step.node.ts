import { defineNode, int } from '../kit/index.ts';

/** t for several nodes. */
export default defineNode({
  type: 'TrainingStep',
  title: 'Training step t',
  category: 'schedule',
  help: 'One training step t for several nodes: move the slider and run again; only what depends on t is computed anew.',
  inputs: {
    t: int({ label: 't', default: 250, min: 0, max: 999, slider: true, help: 'From 0 (hardly any noise) to 999 (nothing but noise).' }),
  },
  outputs: { t: int({ label: 't', help: 'The training step.', default: 250, min: 0, max: 999 }) },
  run: ({ t }) => ({ t }),
});
