import { describe, expect, it } from 'vitest';
import { noNoise, seededNoise } from '../../nodes/diffusion/noise.ts';
import { scheduleFromConfig } from '../../nodes/diffusion/noise-schedules.ts';
import { samplers } from '../../nodes/diffusion/samplers/index.ts';
import { meanSquaredError } from '../../nodes/diffusion/statistics.ts';
import { combine, type Guider, type Latent, sliceBatch, type TextEncoder, zeros } from '../../nodes/kit/index.ts';
import forwardSeries from '../../nodes/latent/forward-series.node.ts';
import pointCloud from '../../nodes/latent/point-cloud.node.ts';
import exactScore from '../../nodes/model/exact-score.node.ts';
import attentionMaps from '../../nodes/sample/attention-maps.node.ts';
import predictNoise from '../../nodes/sample/predict-noise.node.ts';
import samplerLoop from '../../nodes/sample/sampler-custom-advanced.node.ts';
import samplerGrid from '../../nodes/sample/sampler-grid.node.ts';
import samplerTrajectory from '../../nodes/sample/sampler-trajectory.node.ts';
import trainingLoss from '../../nodes/sample/training-loss.node.ts';
import variationalBound from '../../nodes/sample/variational-bound.node.ts';
import { runNode } from './node-runs.ts';

const schedule = scheduleFromConfig({ beta_schedule: 'linear', beta_start: 1e-4, beta_end: 0.02, num_train_timesteps: 1000 });

/** Points with their exact denoiser: a model that needs no files. */
async function exact(): Promise<{ guider: Guider; points: Latent }> {
  const { outputs: cloud } = await runNode(pointCloud, { shape: 'ring', points: 400, spread: 0.1, seed: 1n });
  const { outputs } = await runNode(exactScore, { distribution: cloud.distribution, schedule });
  return { guider: outputs.GUIDER, points: cloud.points };
}

const clip: TextEncoder = {
  atLayer: async () => clip,
  encode: async () => [{ tokens: zeros([1, 4, 2]) }],
  tokens: async (text) =>
    text
      .split(' ')
      .filter((word) => word !== '')
      .map((word, i) => ({ text: word, position: i + 1 })),
};

describe('Predict noise', () => {
  it('gives ε̂ and x̂₀ that make up x_t again, item by item', async () => {
    const { guider, points } = await exact();
    const { outputs: series } = await runNode(forwardSeries, { x_0: points, schedule, frames: 3, first: 100, last: 900, seed: 2n });
    const { outputs, steps } = await runNode(predictNoise, { guider, x_t: series.x_t, preview: 'x̂₀ clean' });
    expect(steps).toBe(3);
    [100, 500, 900].forEach((t, i) => {
      const bar = schedule.alphasCumprod[t] ?? 0;
      const at = i * 800 + 17;
      const again = Math.sqrt(bar) * (outputs.denoised.samples.data[at] ?? 0) + Math.sqrt(1 - bar) * (outputs.noise.samples.data[at] ?? 0);
      expect(again).toBeCloseTo(series.x_t.samples.data[at] ?? 0, 4);
    });
  });

  it('refuses a clean latent, as samplers refuse one of mixed noise', async () => {
    const { guider, points } = await exact();
    await expect(runNode(predictNoise, { guider, x_t: points, preview: 'off' })).rejects.toThrow(/clean: there is no noise/);
    const { outputs } = await runNode(forwardSeries, { x_0: points, schedule, frames: 3, first: 100, last: 900, seed: 2n });
    const loop = {
      noise: noNoise,
      guider,
      sampler: { name: 'euler', loop: samplers.euler },
      sigmas: Float32Array.of(2, 0),
      preview: 'off' as const,
    };
    await expect(runNode(samplerLoop, { ...loop, latent_image: outputs.x_t })).rejects.toThrow(/different amounts of noise/);
  });
});

describe('losses', () => {
  it('of the exact denoiser are the least there can be: below 1 everywhere, small where noise hides little', async () => {
    const { guider, points } = await exact();
    const { outputs, shown } = await runNode(trainingLoss, { guider, x_0: points, points: 6, draws: 2, seed: 1n });
    const curve = outputs.plot.panels[0]?.curves[0]?.y ?? [];
    expect(curve.every((value) => value > 0 && value < 1.1)).toBe(true);
    expect(curve.at(-1)).toBeLessThan(0.05);
    expect(outputs.mean).toBeCloseTo(curve.reduce((sum, value) => sum + value, 0) / 6, 9);
    expect(shown).toHaveLength(1);
  });

  it('of the bound are finite and positive', async () => {
    const { guider, points } = await exact();
    const { outputs } = await runNode(variationalBound, { guider, x_0: points, points: 6, draws: 2, seed: 1n });
    expect(outputs.plot.x[0]).toBe(1);
    expect(outputs.bound).toBeGreaterThan(0);
    expect(Number.isFinite(outputs.bound)).toBe(true);
  });
});

describe('Sampler loop, steps kept', () => {
  it('ends where the plain loop ends, and keeps x_t, x̂₀ and ε̂ on the way', async () => {
    const { guider, points } = await exact();
    const latent_image = { samples: zeros(points.samples.dims), scale: 1 };
    const sigmas = Float32Array.of(10, 5, 2, 1, 0.5, 0.1, 0);
    const run = {
      noise: seededNoise(3n),
      guider,
      sampler: { name: 'euler', loop: samplers.euler },
      sigmas,
      latent_image,
      preview: 'off' as const,
    };
    const { outputs: plain } = await runNode(samplerLoop, run);
    const { outputs } = await runNode(samplerTrajectory, { ...run, keep: 3 });
    expect(outputs.output.samples).toEqual(plain.output.samples);
    expect(outputs.x_t.noise?.each?.map((sigma) => Number(sigma.toFixed(3)))).toEqual([10, 1, 0.1]);
    expect(outputs.labels.split('\n')).toHaveLength(3);
    for (const [i, sigma] of [10, 1, 0.1].entries()) {
      const rebuilt = combine(1, sliceBatch(outputs.denoised.samples, i, 1), sigma, sliceBatch(outputs.noise.samples, i, 1));
      expect(meanSquaredError(rebuilt, sliceBatch(outputs.x_t.samples, i, 1))).toBeLessThan(1e-8);
    }
  });
});

describe('Sampler grid', () => {
  it('is a row for each prompt and a column for each value', async () => {
    const { guider, points } = await exact();
    const run = {
      model: guider.model,
      clip,
      latent_image: { samples: zeros(points.samples.dims) },
      prompts: 'one\ntwo',
      negative: '',
      vary: 'steps' as const,
      values: '1, 2, 3',
      seed: 1n,
      steps: 4,
      cfg: 1,
      sampler_name: 'euler' as const,
      scheduler: 'normal' as const,
    };
    const { outputs, steps } = await runNode(samplerGrid, run);
    expect(outputs.LATENT.samples.dims).toEqual([6, 2, 1, 400]);
    expect([outputs.columns, outputs.row_labels, outputs.column_labels]).toEqual([3, 'one\ntwo', '1 step\n2 steps\n3 steps']);
    expect(steps).toBe(12);
    expect(outputs.time.x).toEqual([1, 2, 3]);
    const told = await runNode(samplerGrid, { ...run, clip: picky, prompts: 'embedding:a\nembedding:b', negative: '', values: '1' });
    expect(told.shown).toEqual([{ kind: 'text', text: 'There is no such embedding.' }]);
  });
});

/** An encoder that cannot use one word. */
const picky: TextEncoder = {
  ...clip,
  encode: (prompt, warn) => {
    if (String(prompt).includes('embedding:')) warn?.('There is no such embedding.');
    return clip.encode(prompt);
  },
};

describe('Attention maps', () => {
  it('say what of the prompt could not be used, beside their pictures', async () => {
    const { guider, points } = await exact();
    const x_t = { ...points, noise: { sigma: 1, form: 'exploding' as const } };
    const attention = async () => [{ name: 'mid', downsample: 1, weights: zeros([1, 1, points.samples.dims[3] ?? 0, 4]) }];
    const run = { model: { ...guider.model, attention }, clip: picky, x_t, prompt: 'a embedding:none', enlarge: 1 };
    const { shown } = await runNode(attentionMaps, run, {
      resize: async ({ dims: [count = 0] }, { width, height }) => zeros([count, height, width, 3]),
    });
    expect(shown.map(({ kind }) => kind)).toEqual(['text', 'images']);
  });

  it('say that a model was exported without attention', async () => {
    const { guider, points } = await exact();
    const x_t = { ...points, noise: { sigma: 1, form: 'exploding' as const } };
    await expect(runNode(attentionMaps, { model: guider.model, clip, x_t, prompt: 'a', enlarge: 1 })).rejects.toThrow(
      /unet\/attention\.onnx/,
    );
  });

  it('want words, and noise', async () => {
    const { guider, points } = await exact();
    const model = { ...guider.model, attention: async () => [] };
    await expect(runNode(attentionMaps, { model, clip, x_t: points, prompt: ' ', enlarge: 1 })).rejects.toThrow(/no words/);
    await expect(runNode(attentionMaps, { model, clip, x_t: points, prompt: 'a', enlarge: 1 })).rejects.toThrow(/latent is clean/);
  });
});
