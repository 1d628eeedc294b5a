import { encodedPrompts } from '../diffusion/encoded-prompt.ts';
import { cfgGuider } from '../diffusion/guidance.ts';
import { ksamplerSigmas, samplerNamed } from '../diffusion/ksampler-steps.ts';
import { seededNoise } from '../diffusion/noise.ts';
import { linesOf } from '../diffusion/picture-table.ts';
import { type GridColumn, gridColumns, variedValues } from '../diffusion/sampler-grid.ts';
import { samplerNames } from '../diffusion/samplers/index.ts';
import { sampleLatent } from '../diffusion/sampling-run.ts';
import { sigmaScheduleNames } from '../diffusion/sigma-schedules.ts';
import { stepEvent } from '../diffusion/step-preview.ts';
import {
  type Conditionings,
  choice,
  clip,
  concatBatch,
  type DiffusionModel,
  defineNode,
  float,
  int,
  type Latent,
  latent,
  model,
  type NodeEvent,
  type Plot,
  plot,
  seed,
  text,
} from '../kit/index.ts';

/** What stays the same all over the grid. */
interface Fixed {
  readonly model: DiffusionModel;
  readonly scheduler: (typeof sigmaScheduleNames)[number];
  readonly latent: Latent;
  readonly signal: AbortSignal;
}

/** Samples one cell; `done` of `total` were ready before. */
async function* sampleCell(
  { settings }: GridColumn,
  { positive, negative }: { positive: Conditionings; negative: Conditionings },
  { fixed, done, total }: { fixed: Fixed; done: number; total: number },
): AsyncGenerator<NodeEvent, Latent, void> {
  const { seed: chance, cfg, steps, sampler, denoise } = settings;
  const { model: network, scheduler, latent: start, signal } = fixed;
  const run = {
    guider: cfgGuider(network, { positive, negative, cfg }),
    sampler: samplerNamed(sampler),
    sigmas: ksamplerSigmas(network.sampling, { scheduler, steps, denoise, sampler }),
    noise: seededNoise(chance),
    latent: start,
  };
  const loop = sampleLatent(run, signal);
  for (let next = await loop.next(); ; next = await loop.next()) {
    if (next.done) return next.value.output;
    const last = next.value.index + 1 === next.value.total;
    yield { ...stepEvent(next.value, network, 'x̂₀ clean'), index: last ? done + 1 : done, total };
  }
}

/** Milliseconds a picture, for each column. */
const timePlot = (columns: readonly GridColumn[], ms: readonly number[], vary: string): Plot => ({
  title: 'time a picture',
  xLabel: vary,
  x: columns.map(({ position }) => position),
  panels: [{ label: 'ms a picture', curves: [{ label: 'time', y: ms }] }],
});

/** A table of pictures: a prompt for each row, a value for each column. */
export default defineNode({
  type: 'SamplerGrid',
  title: 'Sampler grid',
  category: 'sample',
  help: 'Makes a table of pictures to compare: a row for each prompt, a column for each value of one setting, everything else the same. Decode the latents and wire them to an image grid.',
  inputs: {
    model: model({ label: 'model', help: 'The network that removes noise.' }),
    clip: clip({ label: 'clip', help: 'The text encoder of the model.' }),
    latent_image: latent({ label: 'latent', help: 'An empty latent of the size you want; of a batch, each picture.' }),
    prompts: text({ label: 'prompts', multiline: true, default: 'red apple', help: 'What to show; each line is a row of the table.' }),
    negative: text({ label: 'avoid', help: 'What to steer away from; may be empty.' }),
    vary: choice(variedValues, { label: 'vary', help: 'Which setting changes from column to column.' }),
    values: text({ label: 'values', default: '1, 2, 3, 4', help: 'The values of that setting, with commas between them.' }),
    seed: seed({ label: 'seed', help: 'The noise to start from, where it is not varied.' }),
    steps: int({ label: 'steps', unit: 'steps', default: 12, min: 1, max: 1000, slider: true, help: 'How many steps to take.' }),
    cfg: float({ label: 'guidance', default: 4, min: 0, max: 100, step: 0.1, slider: true, help: 'How strongly the prompt counts (cfg).' }),
    sampler_name: choice(samplerNames, { default: 'euler', label: 'sampler', help: 'How each step is taken.' }),
    scheduler: choice(sigmaScheduleNames, {
      default: 'normal',
      label: 'spacing',
      advanced: true,
      help: 'How the noise levels are spread.',
    }),
  },
  outputs: {
    LATENT: latent({ label: 'latents', help: 'All pictures row by row, as a batch.' }),
    columns: int({ label: 'columns', help: 'How many columns the table has.', default: 1, min: 1, max: 256 }),
    row_labels: text({ label: 'row labels', help: 'The prompts.' }),
    column_labels: text({ label: 'column labels', help: 'The values.' }),
    time: plot({ label: 'time', help: 'How long a picture took, for each value.' }),
  },
  async *run(inputs, { signal }) {
    const { model: network, clip: encoder, negative, vary, seed: chance, steps, cfg, sampler_name, scheduler } = inputs;
    const prompts = linesOf(inputs.prompts);
    const rows = prompts.length === 0 ? [''] : prompts;
    const base = { seed: chance, cfg, steps, sampler: sampler_name, denoise: 1 };
    const columns = gridColumns(base, vary, { values: inputs.values, rows: rows.length });
    const fixed = { model: network, scheduler, latent: inputs.latent_image, signal };
    const [unwanted = [], ...wanted] = yield* encodedPrompts(encoder, [negative, ...rows]);
    const cells: Latent[] = [];
    const ms = columns.map(() => 0);
    for (const positive of wanted) {
      const conditionings = { positive, negative: unwanted };
      for (const [index, column] of columns.entries()) {
        const started = performance.now();
        cells.push(yield* sampleCell(column, conditionings, { fixed, done: cells.length, total: rows.length * columns.length }));
        ms[index] = (ms[index] ?? 0) + (performance.now() - started) / rows.length;
      }
    }
    return {
      LATENT: { ...cells[0], samples: concatBatch(cells.map(({ samples }) => samples)) },
      columns: columns.length,
      row_labels: rows.join('\n'),
      column_labels: columns.map(({ label }) => label).join('\n'),
      time: timePlot(columns, ms, vary),
    };
  },
  identity: async ({ prompts, negative }, { models }) => models.embeddings([prompts, negative]),
});
