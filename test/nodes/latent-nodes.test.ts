import { describe, expect, it } from 'vitest';
import { scheduleFromConfig } from '../../nodes/diffusion/noise-schedules.ts';
import { inForm } from '../../nodes/diffusion/noisy-latents.ts';
import { meanSquaredError } from '../../nodes/diffusion/statistics.ts';
import type { Latent } from '../../nodes/kit/index.ts';
import forwardStep from '../../nodes/latent/ddpm-forward-step.node.ts';
import posterior from '../../nodes/latent/ddpm-posterior.node.ts';
import forwardNoise from '../../nodes/latent/forward-noise.node.ts';
import forwardSeries from '../../nodes/latent/forward-series.node.ts';
import imageToLatent from '../../nodes/latent/image-to-latent.node.ts';
import statistics from '../../nodes/latent/latent-statistics.node.ts';
import latentToImage from '../../nodes/latent/latent-to-image.node.ts';
import pointCloud from '../../nodes/latent/point-cloud.node.ts';
import pointsToImage from '../../nodes/latent/points-to-image.node.ts';
import sizeRatio from '../../nodes/latent/size-ratio.node.ts';
import trainingStep from '../../nodes/schedule/training-step.node.ts';
import { ramp, runNode } from './node-runs.ts';

const schedule = scheduleFromConfig({ beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012, num_train_timesteps: 1000 });
const clean: Latent = { samples: ramp([1, 4, 8, 8]), scale: 1 };

describe('Forward process in steps', () => {
  it('is the forward process at each t, with the same noise', async () => {
    const { outputs } = await runNode(forwardSeries, { x_0: clean, schedule, frames: 3, first: 0, last: 998, seed: 5n });
    const single = await runNode(forwardNoise, { x_0: clean, schedule, t: 499, seed: 5n });
    expect(outputs.labels).toBe('t = 0\nt = 499\nt = 998');
    expect(outputs.x_t.noise?.each).toEqual([0, 499, 998].map((t) => schedule.sigmas[t]));
    expect(outputs.x_t.samples.data.slice(256, 512)).toEqual(single.outputs.x_t.samples.data);
    expect(outputs.noise.samples).toEqual(single.outputs.noise.samples);
  });

  it('keeps each item’s own amount of noise in either form', async () => {
    const { outputs } = await runNode(forwardSeries, { x_0: clean, schedule, frames: 4, first: 0, last: 999, seed: 5n });
    const there = inForm(outputs.x_t, 'exploding');
    const [sigma = 0] = [schedule.sigmas[999]];
    const first = (outputs.x_t.samples.data[768] ?? 0) * Math.sqrt(1 + sigma ** 2);
    expect(there.samples.data[768]).toBeCloseTo(first, 3);
    expect(meanSquaredError(inForm(there, 'preserving').samples, outputs.x_t.samples)).toBeLessThan(1e-10);
  });
});

describe('Single forward steps', () => {
  it('go on where the steps before ended', async () => {
    const { outputs: half } = await runNode(forwardStep, { x: clean, schedule, first: 0, t: 9, seed: 1n });
    expect(half.x_t.noise).toEqual({ sigma: schedule.sigmas[9], form: 'preserving' });
    const { outputs } = await runNode(forwardStep, { x: half.x_t, schedule, first: 10, t: 19, seed: 2n });
    expect(outputs.x_t.noise?.sigma).toBe(schedule.sigmas[19]);
  });

  it('refuse a latent of another step, and steps in the wrong order', async () => {
    await expect(runNode(forwardStep, { x: clean, schedule, first: 10, t: 19, seed: 1n })).rejects.toThrow(/goes on from x_9/);
    await expect(
      runNode(forwardStep, { x: { ...clean, noise: { sigma: 1, form: 'exploding' } }, schedule, first: 0, t: 19, seed: 1n }),
    ).rejects.toThrow(/wants a clean latent/);
    const { outputs: half } = await runNode(forwardStep, { x: clean, schedule, first: 0, t: 9, seed: 1n });
    await expect(runNode(forwardStep, { x: half.x_t, schedule, first: 10, t: 9, seed: 1n })).rejects.toThrow(/before the first step/);
  });
});

describe('Posterior', () => {
  it('all the way back is the clean latent', async () => {
    const { outputs: noisy } = await runNode(forwardNoise, { x_0: clean, schedule, t: 300, seed: 5n });
    const { outputs } = await runNode(posterior, { x_t: noisy.x_t, x_0: clean, schedule, back: 9999, seed: 1n });
    expect(meanSquaredError(outputs.mean.samples, clean.samples)).toBeLessThan(1e-10);
    expect(outputs.mean.noise?.sigma).toBe(0);
    expect(outputs.sample.samples).toEqual(outputs.mean.samples);
  });

  it('wants one clean latent or as many as there are noisy ones, of the schedule they were made with', async () => {
    const { outputs } = await runNode(forwardSeries, { x_0: clean, schedule, frames: 3, first: 10, last: 900, seed: 5n });
    const two = { samples: ramp([2, 4, 8, 8]) };
    await expect(runNode(posterior, { x_t: outputs.x_t, x_0: two, schedule, back: 1, seed: 1n })).rejects.toThrow(
      /3 noisy latents and 2 clean/,
    );
    const odd = { ...clean, noise: { sigma: 33, form: 'exploding' as const } };
    await expect(runNode(posterior, { x_t: odd, x_0: clean, schedule, back: 1, seed: 1n })).rejects.toThrow(/no training step/);
  });
});

describe('looking at latents', () => {
  it('pixels come back from being a latent', async () => {
    const image = { dims: [2, 2, 2, 3], data: ramp([24]).data.map((value) => (value + 1) / 2) };
    const { outputs } = await runNode(imageToLatent, { pixels: image });
    const back = await runNode(latentToImage, { samples: outputs.LATENT, model: undefined, view: 'pixels', enlarge: 1 });
    expect(meanSquaredError(back.outputs.IMAGE, image)).toBeLessThan(1e-12);
  });

  it('a preview needs its model', async () => {
    await expect(runNode(latentToImage, { samples: clean, model: undefined, view: 'preview', enlarge: 1 })).rejects.toThrow(
      /needs the model/,
    );
    const { outputs } = await runNode(latentToImage, { samples: clean, model: undefined, view: 'channels', enlarge: 2 });
    expect([outputs.IMAGE.dims, outputs.labels.split('\n')]).toEqual([
      [4, 16, 16, 3],
      ['channel 1', 'channel 2', 'channel 3', 'channel 4'],
    ]);
  });

  it('statistics are drawn with mean and spread in words', async () => {
    const { shown, outputs } = await runNode(statistics, { samples: clean, other: undefined, name: 'mine', other_name: '' });
    expect(outputs.std).toBeCloseTo(Math.SQRT1_2, 1);
    expect(shown[0]).toMatchObject({
      kind: 'plot',
      plot: { panels: [{ curves: [{ label: expect.stringMatching(/^mine: mean .*, std 0\.7/) }] }] },
    });
  });

  it('the size ratio counts numbers', async () => {
    const { shown, outputs } = await runNode(sizeRatio, {
      pixels: { dims: [1, 64, 64, 3], data: new Float32Array(64 * 64 * 3) },
      samples: clean,
    });
    expect(outputs.ratio).toBe(48);
    expect(shown[0]).toMatchObject({ kind: 'text', text: expect.stringContaining('12 288 numbers') });
  });

  it('a training step is passed on', async () => expect((await runNode(trainingStep, { t: 7 })).outputs).toEqual({ t: 7 }));
});

describe('points', () => {
  it('are a latent of two channels, drawn as one picture each', async () => {
    const { outputs } = await runNode(pointCloud, { shape: 'ring', points: 100, spread: 0.05, seed: 1n });
    expect(outputs.points.samples.dims).toEqual([1, 2, 1, 100]);
    const drawn = await runNode(pointsToImage, { points: outputs.points, size: 64, reach: 2, colours: 'order' });
    expect(drawn.outputs.IMAGE.dims).toEqual([1, 64, 64, 3]);
    await expect(runNode(pointsToImage, { points: clean, size: 64, reach: 2, colours: 'order' })).rejects.toThrow(/Points have shape/);
  });
});
