import { defineConfig } from 'vitest/config';

// The long form, `npm run test:chaos`: servers of its own, no set of the suite's.
export default defineConfig({
  test: {
    name: 'chaos',
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/chaos/full.test.ts'],
    pool: 'forks',
    testTimeout: 3 * 3_600_000,
  },
});
