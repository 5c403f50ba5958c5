import { defineConfig } from 'vitest/config';

// One set of servers for the whole suite, started on the first use by test/support/global-setup.ts. The e2e files run one
// after another: each runs its own ingress and worker, and two of them at once would share the events.
export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/*.test.ts', 'test/journeys/*.test.ts', 'test/browser/*.test.ts'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // They hurt servers, so each file has its own, and nothing else runs. Side by side: most of it is waiting for
        // time-outs. The long form: npm run test:chaos.
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/*.test.ts'],
          exclude: ['test/chaos/full.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
