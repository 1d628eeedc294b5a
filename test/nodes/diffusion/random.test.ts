import { describe, expect, it } from 'vitest';
import { seededNoise } from '../../../nodes/diffusion/noise.ts';
import { torchNormal } from '../../../nodes/diffusion/random.ts';
import reference from '../../reference/noise.json' with { type: 'json' };

describe('seeded noise', () => {
  it.each(reference.noise)('of seed $seed equals torch’s CPU generator, draw after draw', ({ seed, draws }) => {
    const stream = torchNormal(BigInt(seed));
    for (const wanted of draws) {
      const { data } = stream([wanted.length]);
      wanted.forEach((value, i) => {
        expect(data[i]).toBeCloseTo(value, 6);
      });
    }
  });

  it('counts the low 32 bits of the seed only, as torch does', () => {
    expect(torchNormal(2n ** 32n + 7n)([16]).data).toEqual(torchNormal(7n)([16]).data);
    expect(torchNormal(7n)([16]).data).not.toEqual(torchNormal(8n)([16]).data);
  });

  it('is one draw over the whole batch, and each stream starts anew', () => {
    const noise = seededNoise(5n);
    const samples = { dims: [2, 4, 2, 3], data: new Float32Array(48) };
    const initial = noise.initial({ samples });
    expect(initial.dims).toEqual([2, 4, 2, 3]);
    expect(noise.stream()([2, 4, 2, 3]).data).toEqual(initial.data);
    expect(noise.stream()([1, 4, 2, 3]).data).not.toEqual(initial.data.slice(24));
  });

  it('is standard normal', () => {
    const { data } = torchNormal(1n)([200_000]);
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
  });
});
