import type { SeedControl } from '../workflows/index.ts';

/** What the ways in which a seed changes before each run are called, everywhere. */
export const seedWords: Readonly<Record<SeedControl, { readonly name: string; readonly help: string }>> = {
  fixed: { name: 'fixed', help: 'The seed stays as it is' },
  randomize: { name: 'random', help: 'A new seed before each run' },
  increment: { name: '+1', help: 'One more before each run' },
  decrement: { name: '−1', help: 'One less before each run' },
};
