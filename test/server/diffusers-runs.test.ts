import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { z } from 'zod';
import { root } from './program.ts';
import { equalRecorded, recordedLatent } from './recorded-latents.ts';

const Run = z.object({
  model: z.enum(['sd15', 'sd21-v', 'sd15-lcm']),
  positive: z.string(),
  negative: z.string(),
  width: z.int(),
  height: z.int(),
  seed: z.int(),
  steps: z.int(),
  cfg: z.number(),
  scheduler: z.string(),
  config: z.record(z.string(), z.union([z.string(), z.boolean(), z.number()])),
  ...recordedLatent,
});
type Run = z.infer<typeof Run>;

const { runs } = z.object({ runs: z.array(Run) }).parse(JSON.parse(await readFile(join(root, 'test/reference/diffusers.json'), 'utf8')));

const node = (class_type: string, inputs: Record<string, unknown>) => ({ class_type, inputs });
type Nodes = Record<string, ReturnType<typeof node>>;
const titleOf = ({ model, scheduler, config, cfg }: Run): string => `${model}, ${scheduler} ${JSON.stringify(config)} at ${cfg}`;

/** Our sampler for a scheduler of diffusers: the table of docs/migrating.md. */
function samplerFor({ scheduler }: Run): string {
  switch (scheduler) {
    case 'DDIMScheduler':
      return 'ddim';
    case 'DDPMScheduler':
      return 'ddpm';
    case 'EulerDiscreteScheduler':
      return 'euler';
    case 'EulerAncestralDiscreteScheduler':
      return 'euler_ancestral';
    case 'HeunDiscreteScheduler':
      return 'heun';
    case 'DPMSolverMultistepScheduler':
      return 'dpmpp_2m';
    case 'UniPCMultistepScheduler':
      return 'uni_pc_bh2';
    case 'LCMScheduler':
      return 'lcm';
    default:
      return 'plms';
  }
}

/** The schedule of a spacing. */
function scheduleFor({ config }: Run): string {
  if (config.use_karras_sigmas === true) return 'karras';
  if (config.timestep_spacing === 'linspace') return config.final_sigmas_type === 'zero' ? 'sgm_uniform' : 'normal';
  return 'simple';
}

/** diffusers starts these with σ·ε, though √(1 + σ²)·ε belongs to the level. */
const startsAtSigma = ({ scheduler }: Run): boolean => /^(Euler|Heun)/.test(scheduler);

/** The sampler with its own noise, or going on from “Add noise”. */
function samplerNodes(run: Run, id: string): Nodes {
  const at = (name: string): [string, number] => [`${id}_${name}`, 0];
  const [model, positive, negative, sigmas] = [at('model'), at('positive'), at('negative'), at('sigmas')];
  const [noise, cfg] = [at('noise'), run.model === 'sd15-lcm' ? 1 : run.cfg];
  const shared = {
    [`${id}_noise`]: node('RandomNoise', { noise_seed: run.seed }),
    [`${id}_sigmas`]: node('BasicScheduler', { model, scheduler: scheduleFor(run), steps: run.steps, denoise: 1 }),
  };
  if (!startsAtSigma(run))
    return {
      ...shared,
      [`${id}_sampler`]: node('KSamplerSelect', { sampler_name: samplerFor(run) }),
      [`${id}_guider`]: node('CFGGuider', { model, positive, negative, cfg }),
      [id]: node('SamplerCustomAdvanced', { noise, guider: at('guider'), sampler: at('sampler'), sigmas, latent_image: at('empty') }),
    };
  const steps = { steps: run.steps, sampler_name: samplerFor(run), scheduler: scheduleFor(run), start_at_step: 0, end_at_step: 10_000 };
  const quiet = { add_noise: 'disable', noise_seed: run.seed, return_with_leftover_noise: 'disable' };
  return {
    ...shared,
    [`${id}_noisy`]: node('AddNoise', { model, noise, sigmas, latent_image: at('empty') }),
    [id]: node('KSamplerAdvanced', { model, positive, negative, cfg, ...steps, ...quiet, latent_image: at('noisy') }),
  };
}

function graphOf(run: Run, id: string): Nodes {
  const file = `${id}_file`;
  const clip = [file, 1];
  const distilled = run.model === 'sd15-lcm';
  const sampling = distilled ? 'lcm' : run.model === 'sd21-v' ? 'v_prediction' : 'eps';
  return {
    [file]: node('CheckpointLoaderSimple', { ckpt_name: run.model }),
    [`${id}_model`]: node('ModelSamplingDiscrete', {
      model: [file, 0],
      sampling,
      zsnr: false,
      ...(distilled ? { guidance: run.cfg } : {}),
    }),
    [`${id}_positive`]: node('CLIPTextEncode', { text: run.positive, clip }),
    [`${id}_negative`]: node('CLIPTextEncode', { text: run.negative, clip }),
    [`${id}_empty`]: node('EmptyLatentImage', { width: run.width, height: run.height, batch_size: 1 }),
    ...samplerNodes(run, id),
  };
}

const idOf = (index: number): string => `run_${index}`;

const graph = JSON.stringify(Object.assign({}, ...runs.map((run, index) => graphOf(run, idOf(index)))));

describe('latents of the command line equal those of diffusers’ schedulers', () => {
  const recorded = runs.map((run, index) => ({ title: titleOf(run), node: idOf(index), recorded: run }));
  equalRecorded(recorded, { graph, models: new Set(runs.map(({ model }) => model)) });
});
