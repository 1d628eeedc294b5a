import { describe, expect, it } from 'vitest';
import { brownianNoise } from '../../../nodes/diffusion/brownian-tree.ts';
import { seedSequence } from '../../../nodes/diffusion/seed-sequence.ts';
import reference from '../../reference/brownian.json' with { type: 'json' };

describe('seed sequences', () => {
  it.each(reference.sequences)('of $entropy and $spawnKey are numpy’s', ({ entropy, spawnKey, poolSize, state }) => {
    expect([...seedSequence(BigInt(entropy), poolSize)(spawnKey, 4)]).toEqual(state);
  });
});

describe('a Brownian path', () => {
  it.each(reference.trees)('of seed $seed and shape $shape is torchsde’s', ({ seed, shape, sigmaMin, sigmaMax, draws }) => {
    const noise = brownianNoise({ seed: BigInt(seed), dims: shape, sigmaMin: Math.fround(sigmaMin), sigmaMax: Math.fround(sigmaMax) });
    for (const { from, to, noise: wanted } of draws) {
      const { data } = noise(from, to);
      wanted.forEach((value, i) => {
        expect(Math.abs((data[i] ?? Number.NaN) - value), `${from} to ${to}, ${i}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
      });
    }
  });

  it('adds up: two parts give the whole', () => {
    const noise = brownianNoise({ seed: 3n, dims: [1, 1, 4, 4], sigmaMin: 0.1, sigmaMax: 10 });
    const part = (from: number, to: number) => noise(from, to).data.map((value) => value * Math.sqrt(from - to));
    const [first, second, whole] = [part(8, 3), part(3, 0.5), part(8, 0.5)];
    whole.forEach((value, i) => {
      expect((first[i] ?? 0) + (second[i] ?? 0)).toBeCloseTo(value, 4);
    });
  });
});
