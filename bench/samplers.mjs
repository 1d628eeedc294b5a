// What sampling costs besides the network: whole loops over a network that answers at once, against runs of a real small U-Net.
import { cfgGuider } from '../dist/nodes/diffusion/guidance.js';
import { ksamplerSigmas, samplerNamed } from '../dist/nodes/diffusion/ksampler-steps.js';
import { modelSampling } from '../dist/nodes/diffusion/model-sampling.js';
import { seededNoise } from '../dist/nodes/diffusion/noise.js';
import { scheduleFromConfig } from '../dist/nodes/diffusion/noise-schedules.js';
import { samplerNames } from '../dist/nodes/diffusion/samplers/index.js';
import { sampleLatent } from '../dist/nodes/diffusion/sampling-run.js';

const side = 64;
const steps = 20;
const dims = [1, 4, side, side];
const tensor = (shape, fill) => ({ dims: shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(fill) });
const prompt = (value) => ({ tokens: tensor([1, 77, 768], value) });

/** A network that answers at once with what it answered before; `runs` counts. */
function instantModel() {
  const answers = new Map();
  const model = {
    name: 'instant',
    runs: 0,
    sampling: modelSampling(
      scheduleFromConfig({ beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012, num_train_timesteps: 1000 }),
      'epsilon',
    ),
    latent: { channels: 4, scale: 0.18215, downscale: 8 },
    async predict({ sample }) {
      model.runs++;
      const known = answers.get(sample.data.length) ?? tensor(sample.dims, 0.1);
      answers.set(sample.data.length, known);
      return known;
    },
    preview: () => ({ width: 1, height: 1, rgb: new Uint8Array(3) }),
  };
  return model;
}

const area = { unit: 'cells', x: 16, y: 16, width: 32, height: 32 };
const mask = tensor([1, side, side], 0.5);
const settings = [
  ...samplerNames.filter((name) => !name.endsWith('_gpu')).map((name) => ({ title: name, name })),
  { title: 'euler, an area', name: 'euler', positive: [prompt(1), { ...prompt(0.5), area }] },
  { title: 'euler, a noise mask', name: 'euler', noiseMask: mask },
];

/** Milliseconds of a loop for each run of its network. */
async function msPerRun({ name, positive = [prompt(1)], noiseMask }) {
  const model = instantModel();
  const run = {
    guider: cfgGuider(model, { positive, negative: [prompt(-1)], cfg: 7 }),
    sampler: samplerNamed(name),
    sigmas: ksamplerSigmas(model.sampling, { scheduler: 'karras', steps, denoise: 1, sampler: name }),
    noise: seededNoise(5n),
    latent: { samples: tensor(dims, 0), ...(noiseMask && { noiseMask }) },
  };
  const started = performance.now();
  for await (const _ of sampleLatent(run, new AbortController().signal));
  return (performance.now() - started) / model.runs;
}

/** For each sampler the time of its maths, and that of bare runs of the network around it; `raw` answers with the latter. */
export async function samplerShares(raw, rounds) {
  const shares = settings.map(({ title }) => ({ title, maths: [], network: [] }));
  const work = { steps: 1, batch: 2, size: side };
  const together = 12;
  for (let i = -1; i < rounds; i++) {
    for (let from = 0; from < settings.length; from += together) {
      const before = await raw.ask(work);
      const maths = [];
      for (const one of settings.slice(from, from + together)) maths.push(await msPerRun(one));
      const network = (before + (await raw.ask(work))) / 2;
      for (const [k, ms] of maths.entries()) {
        if (i < 0) continue;
        shares[from + k].maths.push(ms);
        shares[from + k].network.push(network);
      }
    }
  }
  return shares;
}
