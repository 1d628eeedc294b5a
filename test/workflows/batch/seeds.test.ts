import { expect, it } from 'vitest';
import { itemSeeds, type SeedControl, type SeedField } from '../../../workflows/index.ts';

const field = (control: SeedControl, value: bigint): SeedField => ({ node: '6', port: 'seed', value, control });
const rolled = (control: SeedControl, value: bigint): readonly (string | undefined)[] => {
  let next = 100n;
  return [0, 1, 2].map((index) => itemSeeds([field(control, value)], index, { random: () => next++ })['6.seed']);
};

it('begins with the seed of the workflow and goes on from it, round the end', () => {
  expect(rolled('fixed', 5n)).toEqual(['5', '5', '5']);
  expect(rolled('increment', 2n ** 64n - 2n)).toEqual(['18446744073709551614', '18446744073709551615', '0']);
  expect(rolled('decrement', 1n)).toEqual(['1', '0', '18446744073709551615']);
  expect(rolled('randomize', 5n)).toEqual(['100', '101', '102']);
});

it('takes a random seed of an earlier attempt again, and no other', () => {
  const known = { '6.seed': '77' };
  expect(itemSeeds([field('randomize', 5n)], 0, { random: () => 1n, known })).toEqual({ '6.seed': '77' });
  expect(itemSeeds([field('increment', 5n)], 1, { random: () => 1n, known })).toEqual({ '6.seed': '6' });
});
