import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { z } from 'zod';
import { tinyModels } from '../engine/tiny-models.ts';
import { root } from './program.ts';
import { equalRecorded, recordedLatent } from './recorded-latents.ts';

const Stage = z.object({
  seed: z.string().regex(/^\d+$/),
  steps: z.int(),
  cfg: z.number(),
  sampler: z.string(),
  scheduler: z.string(),
  denoise: z.number(),
  /** Those of KSamplerAdvanced. */
  start: z.int().optional(),
  end: z.int().optional(),
  leftover: z.string().optional(),
  add_noise: z.string().optional(),
});
const Run = z.object({
  model: z.string(),
  positive: z.string(),
  negative: z.string(),
  width: z.int(),
  height: z.int(),
  batch: z.int(),
  stages: z.array(Stage),
  ...recordedLatent,
});
type Run = z.infer<typeof Run>;

const { runs } = z.object({ runs: z.array(Run) }).parse(JSON.parse(await readFile(join(root, 'test/reference/runs.json'), 'utf8')));

const node = (class_type: string, inputs: Record<string, unknown>) => ({ class_type, inputs });
/** A seed as bare digits once the graph is text; JSON.stringify would round it. */
const digits = (seed: string): string => `digits:${seed}`;

/** A name that may be a node's id. */
const idOf = (...parts: readonly (string | number)[]): string => parts.join('_').replaceAll(/\W/g, '_');

/** One sampler node for each stage of a run, the first one reading an empty latent. */
function stages(run: Run, index: number): [string, ReturnType<typeof node>][] {
  const from = { model: [idOf(run.model), 0], positive: [idOf(run.model, run.positive), 0], negative: [idOf(run.model, run.negative), 0] };
  return run.stages.map((stage, place) => {
    const { steps, cfg, sampler: sampler_name, scheduler, denoise, start, end, leftover, add_noise } = stage;
    const latent_image = place === 0 ? [idOf('empty', run.batch), 0] : [idOf('run', index, place - 1), 0];
    const common = { ...from, steps, cfg, sampler_name, scheduler, latent_image };
    const seed = digits(stage.seed);
    const advanced = { noise_seed: seed, add_noise, start_at_step: start, end_at_step: end, return_with_leftover_noise: leftover };
    return [
      idOf('run', index, place),
      start === undefined ? node('KSampler', { ...common, seed, denoise }) : node('KSamplerAdvanced', { ...common, ...advanced }),
    ];
  });
}

/** All runs in one graph, which shares models, prompts and empty latents. */
function graphOf(all: readonly Run[]): string {
  const shared = all.flatMap((run): [string, ReturnType<typeof node>][] => [
    [idOf(run.model), node('CheckpointLoaderSimple', { ckpt_name: run.model })],
    ...[run.positive, run.negative].map((text): [string, ReturnType<typeof node>] => [
      idOf(run.model, text),
      node('CLIPTextEncode', { text, clip: [idOf(run.model), 1] }),
    ]),
    [idOf('empty', run.batch), node('EmptyLatentImage', { width: run.width, height: run.height, batch_size: run.batch })],
  ]);
  const graph = Object.fromEntries([...shared, ...all.flatMap(stages)]);
  return JSON.stringify(graph).replaceAll(/"digits:(\d+)"/g, '$1');
}

const lastOf = (run: Run, index: number): string => idOf('run', index, run.stages.length - 1);

const titleOf = ({ model, stages: all, positive, batch }: Run): string =>
  `${model}, ${all.map(({ sampler, scheduler, seed, denoise, start }) => `${sampler} ${scheduler} seed ${seed}${denoise < 1 ? ` denoise ${denoise}` : ''}${start === undefined ? '' : ` from step ${start}`}`).join(', then ')}, “${positive}”, batch ${batch}`;

describe('latents of the command line equal ComfyUI’s', () => {
  const recorded = runs.map((run, index) => ({ title: titleOf(run), node: lastOf(run, index), recorded: run }));
  equalRecorded(recorded, { graph: graphOf(runs), models: tinyModels });
});
