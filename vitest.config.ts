import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Small files that take long: last, each would run alone while the other core idles. */
const takeLong = ['chaos/short', 'e2e/starting', 'e2e/outages', 'e2e/rate-limit', 'test/new-journey'];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => takeLong.some((name) => moduleId.endsWith(`${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

// One set of servers for the whole suite, started by test/support/global-setup.ts: a project that extended this would start
// another.
// A process runs many files, one after another: loading the same modules for each took a sixth of the time. Apart are files that
// replace modules, since the others of their process would get those, and one that reads stack traces, which all Workers of a
// process rewrite.
const apart = [
  'test/cohort.test.ts',
  'test/journey-edges.test.ts',
  'test/journeys/win-back.test.ts',
  'test/simulate-any-journey.test.ts',
];

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    sequence: { sequencer: LongFirst },
    maxWorkers: 3, // on two cores: much of it is waiting
    projects: [
      {
        test: {
          name: 'parts',
          include: ['test/*.test.ts', 'test/store/*.test.ts', 'test/journeys/*.test.ts', 'test/browser/*.test.ts'],
          exclude: apart,
          testTimeout: 60_000,
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { name: 'apart', include: apart, testTimeout: 60_000, sequence: { groupOrder: 0 } },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // They hurt servers, so each file has its own, and nothing else runs. Side by side: most of it is waiting for
        // time-outs. The long form: npm run test:chaos.
        test: {
          name: 'chaos',
          include: ['test/chaos/*.test.ts'],
          exclude: ['test/chaos/full.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
