import { describe, expect, it } from 'vitest';
import { cropToShape, targetSize } from '../../nodes/diffusion/image-size.ts';
import emptyImage from '../../nodes/image/empty-image.node.ts';
import imageInvert from '../../nodes/image/image-invert.node.ts';
import basicScheduler from '../../nodes/schedule/basic-scheduler.node.ts';
import noiseScheduleNode from '../../nodes/schedule/noise-schedule.node.ts';
import { context, fakeModel } from './diffusion/fake-model.ts';

const plotted = { model: undefined, beta_schedule: 'cosine', timesteps: 500, beta_start: 0.001, beta_end: 0.02, steps: 8 } as const;

/** Runs the noise schedule node: what it draws, and its outputs. */
async function schedule(inputs: Parameters<typeof noiseScheduleNode.run>[0]) {
  const running = noiseScheduleNode.run(inputs, context());
  if (!('next' in running)) throw new Error('The node draws before it ends.');
  const first = await running.next();
  const last = await running.next();
  if (first.done || !last.done || first.value.kind !== 'show' || first.value.content.kind !== 'plot') throw new Error('It draws one plot.');
  return { plot: first.value.content.plot, ...last.value };
}

describe('noise schedule', () => {
  it('draws β, ᾱ and log SNR, its own curve first', async () => {
    const { plot, NOISE_SCHEDULE, SIGMAS } = await schedule(plotted);
    expect(plot.panels.map(({ label }) => label)).toEqual(['β', 'ᾱ', 'log SNR']);
    for (const { curves } of plot.panels) {
      expect(curves.map(({ label }) => label)).toEqual(['cosine', 'linear', 'scaled_linear']);
      for (const { y } of curves) expect(y.length === plot.x.length && y.every(Number.isFinite)).toBe(true);
    }
    const snr = plot.panels[2]?.curves[0]?.y ?? [];
    const alphaBar = NOISE_SCHEDULE.alphasCumprod[499] ?? 0;
    expect(snr.at(-1)).toBeCloseTo(Math.log(alphaBar / (1 - alphaBar)), 6);
    expect([plot.x[0], plot.x.at(-1)]).toEqual([0, 499]);
    expect(SIGMAS).toHaveLength(9);
    expect(SIGMAS[0]).toBeCloseTo(NOISE_SCHEDULE.sigmas[499] ?? 0, 1);
  });

  it('takes the schedule of a model', async () => {
    const model = fakeModel();
    const { NOISE_SCHEDULE } = await schedule({ ...plotted, beta_schedule: 'from model', model });
    expect(NOISE_SCHEDULE).toBe(model.sampling.schedule);
  });

  it('refuses “from model” without a model', async () => {
    await expect(schedule({ ...plotted, beta_schedule: 'from model' })).rejects.toThrow('wire one to the model input');
  });

  it('gives sampling steps over the range of a model', async () => {
    const inputs = { model: fakeModel(), scheduler: 'exponential', steps: 3, denoise: 1 } as const;
    const result = await basicScheduler.run(inputs, context());
    if (!('SIGMAS' in result)) throw new Error('It gives sigmas.');
    expect(result.SIGMAS).toHaveLength(4);
  });
});

describe('pictures', () => {
  it('of one colour, and their opposite', async () => {
    const made = await emptyImage.run({ width: 2, height: 1, batch_size: 2, color: 0xff8000 }, context());
    if (!('IMAGE' in made)) throw new Error('It gives a picture.');
    expect(made.IMAGE.dims).toEqual([2, 1, 2, 3]);
    expect([...made.IMAGE.data.slice(0, 3)].map((value) => Math.round(255 * value))).toEqual([255, 128, 0]);
    const inverted = await imageInvert.run({ image: made.IMAGE }, context());
    if (!('IMAGE' in inverted)) throw new Error('It gives a picture.');
    expect([...inverted.IMAGE.data.slice(9)].map((value) => Math.round(255 * value))).toEqual([0, 127, 255]);
  });

  it('keep their shape where a side is 0, and their size where both are', () => {
    const picture = { dims: [1, 100, 200, 3], data: new Float32Array(0) };
    expect(targetSize(picture, { width: 50, height: 0 })).toEqual({ width: 50, height: 25 });
    expect(targetSize(picture, { width: 0, height: 50 })).toEqual({ width: 100, height: 50 });
    expect(targetSize(picture, { width: 0, height: 0 })).toEqual({ width: 200, height: 100 });
  });

  it('are cut around the middle to another shape', () => {
    const data = Float32Array.from({ length: 4 * 2 * 3 }, (_, i) => Math.floor(i / 3) % 4);
    const cut = cropToShape({ dims: [1, 2, 4, 3], data }, { width: 10, height: 10 });
    expect(cut.dims).toEqual([1, 2, 2, 3]);
    expect([...cut.data.filter((_, i) => i % 3 === 0)]).toEqual([1, 2, 1, 2]);
  });
});
