import { describe, expect, it } from 'vitest';
import { latentMethods } from '../../nodes/diffusion/scaled-planes.ts';
import type { Latent } from '../../nodes/kit/index.ts';
import latentAdd from '../../nodes/latent/latent-add.node.ts';
import latentBatch from '../../nodes/latent/latent-batch.node.ts';
import seedBehavior from '../../nodes/latent/latent-batch-seed-behavior.node.ts';
import latentBlend from '../../nodes/latent/latent-blend.node.ts';
import latentComposite from '../../nodes/latent/latent-composite.node.ts';
import compositeMasked from '../../nodes/latent/latent-composite-masked.node.ts';
import latentCrop from '../../nodes/latent/latent-crop.node.ts';
import latentFlip from '../../nodes/latent/latent-flip.node.ts';
import latentFromBatch from '../../nodes/latent/latent-from-batch.node.ts';
import latentInterpolate from '../../nodes/latent/latent-interpolate.node.ts';
import latentMultiply from '../../nodes/latent/latent-multiply.node.ts';
import latentRotate from '../../nodes/latent/latent-rotate.node.ts';
import latentSubtract from '../../nodes/latent/latent-subtract.node.ts';
import latentUpscale from '../../nodes/latent/latent-upscale.node.ts';
import latentUpscaleBy from '../../nodes/latent/latent-upscale-by.node.ts';
import repeatLatentBatch from '../../nodes/latent/repeat-latent-batch.node.ts';
import setNoiseMask from '../../nodes/latent/set-latent-noise-mask.node.ts';
import reference from '../reference/latents.json' with { type: 'json' };
import { ramp, runNode } from './node-runs.ts';

const latent = (dims: readonly number[], seed = 1, more: Partial<Latent> = {}): Latent => ({ samples: ramp(dims, seed), ...more });
const [a, b, one] = [latent([2, 2, 6, 5]), latent([2, 2, 6, 5], 2), latent([1, 2, 6, 5], 3)];
const [small, wide] = [latent([1, 2, 3, 4], 4), latent([1, 2, 9, 12])];

interface Expected {
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

function expectLatent({ samples: { dims, data } }: Latent, expected: Expected, within = 1e-5): void {
  expect(dims).toEqual(expected.dims);
  expect(Math.max(...expected.values.map((value, i) => Math.abs(value - (data[i] ?? 0))))).toBeLessThan(within);
}

describe('latent tools equal the reference', () => {
  it.each([
    ['same', b],
    ['one', one],
    ['small', small],
  ] as const)('sum and difference with %s', async (name, other) => {
    expectLatent((await runNode(latentAdd, { samples1: a, samples2: other })).outputs.LATENT, reference.pairs[name].add);
    expectLatent((await runNode(latentSubtract, { samples1: a, samples2: other })).outputs.LATENT, reference.pairs[name].subtract);
  });

  it.each(reference.scaled)('$method to $width × $height, crop $crop', async ({ method, width, height, crop, ...expected }) => {
    const upscale_method = latentMethods.find((known) => known === method) ?? 'area';
    const inputs = { samples: wide, upscale_method, width, height, crop: crop === 'center' ? crop : 'disabled' } as const;
    expectLatent((await runNode(latentUpscale, inputs)).outputs.LATENT, expected);
  });

  it.each(reference.by)('scaled by $by', async ({ by, ...expected }) => {
    const { outputs } = await runNode(latentUpscaleBy, { samples: wide, upscale_method: 'bilinear', scale_by: by });
    expectLatent(outputs.LATENT, expected);
  });

  it.each(['none', '90 degrees', '180 degrees', '270 degrees'] as const)('rotated by %s', async (rotation) => {
    expectLatent((await runNode(latentRotate, { samples: small, rotation })).outputs.LATENT, reference.rotated[rotation]);
  });

  it.each(['x-axis: vertically', 'y-axis: horizontally'] as const)('flipped on the %s', async (flip_method) => {
    expectLatent((await runNode(latentFlip, { samples: small, flip_method })).outputs.LATENT, reference.flipped[flip_method]);
  });

  it.each(reference.cropped)('cropped at $at', async ({ at: [width = 0, height = 0, x = 0, y = 0], ...expected }) => {
    expectLatent((await runNode(latentCrop, { samples: wide, width, height, x, y })).outputs.LATENT, expected);
  });

  it.each(reference.pasted)('composited at $at', async ({ at: [x = 0, y = 0, feather = 0], ...expected }) => {
    const inputs = { samples_to: latent([1, 2, 8, 9]), samples_from: latent([1, 2, 5, 4], 2), x, y, feather };
    expectLatent((await runNode(latentComposite, inputs)).outputs.LATENT, expected);
  });

  it.each(reference.masked)('composited under a mask at $at, $resize', async ({ at: [x = 0, y = 0], resize, masked, ...expected }) => {
    const drawn = ramp([1, 3, 3], 5);
    const mask = masked ? { dims: drawn.dims, data: drawn.data.map((value) => value * 0.5 + 0.5) } : undefined;
    const inputs = { destination: latent([2, 2, 6, 7]), source: latent([1, 2, 4, 5], 2), x, y, resize_source: resize, mask };
    expectLatent((await runNode(compositeMasked, inputs)).outputs.LATENT, expected);
  });

  it.each(reference.blended)('blended by $factor with $other', async ({ factor, other, ...expected }) => {
    const inputs = { samples1: a, samples2: other === 'same' ? b : one, blend_factor: factor };
    expectLatent((await runNode(latentBlend, inputs)).outputs.LATENT, expected);
  });

  it.each(reference.mixed)('interpolated by $ratio', async ({ ratio, ...expected }) => {
    const { outputs } = await runNode(latentInterpolate, { samples1: latent([1, 2, 6, 5]), samples2: one, ratio });
    expectLatent(outputs.LATENT, expected);
  });

  it('batches, with the noise that each item gets', async () => {
    const { batches } = reference;
    const numbered = (count: number, batchIndex?: readonly number[]) => latent([count, 2, 1, 1], 1, batchIndex && { batchIndex });
    const results = {
      joined: await runNode(latentBatch, { samples1: a, samples2: one }),
      joinedSmall: await runNode(latentBatch, { samples1: latent([1, 2, 6, 5], 1, { batchIndex: [3] }), samples2: small }),
      repeated: await runNode(repeatLatentBatch, { samples: numbered(2, [2, 5]), amount: 3 }),
      taken: await runNode(latentFromBatch, { samples: numbered(5), batch_index: 3, length: 9 }),
      takenAgain: await runNode(latentFromBatch, { samples: numbered(3, [4, 7, 9]), batch_index: 1, length: 1 }),
      fixed: await runNode(seedBehavior, { samples: numbered(3, [4, 7, 9]), seed_behavior: 'fixed' }),
      random: await runNode(seedBehavior, { samples: numbered(3, [4, 7, 9]), seed_behavior: 'random' }),
    };
    for (const [name, expected] of Object.entries(batches)) {
      const result = Object.entries(results).find(([key]) => key === name)?.[1].outputs.LATENT;
      if (result === undefined) throw new Error(name);
      expectLatent(result, expected);
      expect(result.batchIndex, name).toEqual('batchIndex' in expected ? expected.batchIndex : undefined);
    }
  });
});

describe('what goes with a latent', () => {
  const quarter = { dims: [1, 2, 2], data: Float32Array.of(1, 0, 0, 0) };

  it('a mask is set, and turned, mirrored and cut with its cells', async () => {
    const { outputs } = await runNode(setNoiseMask, { samples: latent([1, 2, 2, 2]), mask: quarter });
    expect(outputs.LATENT.noiseMask).toEqual(quarter);
    const turned = await runNode(latentRotate, { samples: outputs.LATENT, rotation: '90 degrees' });
    expect([...(turned.outputs.LATENT.noiseMask?.data ?? [])]).toEqual([0, 1, 0, 0]);
    const flipped = await runNode(latentFlip, { samples: outputs.LATENT, flip_method: 'x-axis: vertically' });
    expect([...(flipped.outputs.LATENT.noiseMask?.data ?? [])]).toEqual([0, 0, 1, 0]);
  });

  it('masks of a batch stay with their items, and an item without one is made anew', async () => {
    const masked = latent([1, 2, 2, 2], 1, { noiseMask: quarter });
    const { outputs } = await runNode(latentBatch, { samples1: masked, samples2: latent([1, 2, 2, 2], 2) });
    expect([...(outputs.LATENT.noiseMask?.data ?? [])]).toEqual([1, 0, 0, 0, 1, 1, 1, 1]);
    const second = await runNode(latentFromBatch, { samples: outputs.LATENT, batch_index: 1, length: 1 });
    expect([...(second.outputs.LATENT.noiseMask?.data ?? [])]).toEqual([1, 1, 1, 1]);
  });

  it('amounts of noise stay with their items, in the form of the first', async () => {
    const clean = latent([1, 2, 2, 2]);
    const noisy = latent([1, 2, 2, 2], 2, { noise: { sigma: 3, form: 'exploding' } });
    const { outputs } = await runNode(latentBatch, { samples1: clean, samples2: noisy });
    expect(outputs.LATENT.noise).toEqual({ sigma: 3, form: 'exploding', each: [0, 3] });
    const back = await runNode(latentFromBatch, { samples: outputs.LATENT, batch_index: 1, length: 1 });
    expect(back.outputs.LATENT.noise?.sigma).toBe(3);
    const preserving = latent([1, 2, 2, 2], 2, { noise: { sigma: 3, form: 'preserving' } });
    const sum = await runNode(latentSubtract, { samples1: noisy, samples2: preserving });
    expect(sum.outputs.LATENT.samples.data[0]).toBeCloseTo((noisy.samples.data[0] ?? 0) * (1 - Math.sqrt(10)), 5);
  });

  it('a product is one', async () => {
    expect((await runNode(latentMultiply, { samples: a, multiplier: -2 })).outputs.LATENT.samples.data[3]).toBe(
      -2 * (a.samples.data[3] ?? 0),
    );
  });

  it('latents of other kinds of models are refused', async () => {
    await expect(runNode(latentAdd, { samples1: a, samples2: latent([2, 3, 6, 5]) })).rejects.toThrow(/2 channels and the second 3/);
    await expect(runNode(latentUpscaleBy, { samples: small, upscale_method: 'area', scale_by: 0.01 })).rejects.toThrow(/0 × 0 cells/);
  });
});
