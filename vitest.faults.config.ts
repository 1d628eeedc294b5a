import { defineConfig } from 'vitest/config';

/** `npm run test:faults`: long, as root, on Linux. */
export default defineConfig({
  test: {
    include: ['test/faults/*.faults.ts'],
    globalSetup: ['test/global-setup.ts'],
    reporters: ['verbose'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 1_200_000,
    hookTimeout: 60_000,
  },
});
