import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, inject, it } from 'vitest';

import { bundleWith } from './support/changed-onboarding.ts';
import { payloadsOf } from './support/payloads.ts';
import { quietActivities } from './support/quiet-activities.ts';
import { startQuietWorker } from './support/quiet-worker.ts';
import { recordRun } from './support/record-run.ts';
import { type RecordedRun, recordedRuns } from './support/recorded-runs.ts';
import { sharedWorkflowBundle } from './support/workflow-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'test/histories');
const fileOf = ({ journey, shape }: { journey: string; shape: string }) => join(folder, journey, `${shape}.json`);

let code: string;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  ({ code } = await sharedWorkflowBundle());
  const missing = recordedRuns().filter((run) => !existsSync(fileOf(run)));
  if (missing.length === 0) return;
  if (process.env['CI'])
    throw new Error(
      `no history of ${missing.map(({ journey, shape }) => `${journey}/${shape}`).join(', ')}: ` +
        'run npm test where you work, and commit test/histories',
    );
  await record(missing);
}, 180_000);

/** Like snapshots: recorded once, and then kept. */
async function record(runs: RecordedRun[]): Promise<void> {
  let activities = quietActivities();
  const worker = await startQuietWorker(inject('servers').temporal, { code }, () => activities);
  try {
    for (const run of runs) {
      activities = quietActivities(run.activities?.());
      const history = await recordRun(worker.client, run);
      mkdirSync(dirname(fileOf(run)), { recursive: true });
      writeFileSync(fileOf(run), `${JSON.stringify(history)}\n`);
    }
  } finally {
    await worker.close();
  }
}

/** All recorded histories, also of branches that the code no longer has: there may be runs on them. */
function histories(): { name: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => ({ name: file.replace(/\.json$/, ''), text: readFileSync(join(folder, file), 'utf8') }));
}

/** The runs that cannot continue with this code, and why. */
async function brokenBy(workflowBundle: { code: string }): Promise<Record<string, string>> {
  const runs = histories().map(({ name, text }) => ({ workflowId: name, history: historyFromJSON(JSON.parse(text)) }));
  const failed: Record<string, string> = {};
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, runs))
    if (error) failed[workflowId] = error.name;
  return failed;
}

describe('runs that were recorded', () => {
  it('continue with the code of today', async () => {
    expect(histories().length).toBeGreaterThanOrEqual(recordedRuns().length);
    expect(await brokenBy({ code })).toEqual({});
  });

  it('hold nothing personal, and nothing of a machine', () => {
    for (const { name, text } of histories()) {
      const payloads = payloadsOf(JSON.parse(text) as object);
      const all = [text, ...payloads].join('\n').replaceAll(/@temporalio\/worker@[\d.]+/g, '');
      for (const found of ['@', hostname(), '"email"']) expect(all.includes(found), `${name}: ${found}`).toBe(false);
      expect(all.match(/"identity":"(?!recorded")|"stackTrace":"[^"]|\.[cm]?[jt]s:\d+/), name).toBeNull();
      expect(payloads.length, name).toBeGreaterThan(0);
    }
  });

  it('show how long a journey gets at most', () => {
    const events = histories().map(({ text }) => (JSON.parse(text) as { events: unknown[] }).events.length);
    expect(Math.max(...events)).toBeLessThan(70);
  });
});

describe('a change of onboarding', () => {
  it('that sends one mail more breaks runs that have passed it, and only those of onboarding', async () => {
    const failed = await brokenBy(await bundleWith('breaking'));
    expect(Object.keys(failed)).toEqual(expect.arrayContaining(['onboarding/dormant']));
    expect(Object.keys(failed).filter((name) => !name.startsWith('onboarding/'))).toEqual([]);
    expect(new Set(Object.values(failed))).toEqual(new Set(['DeterminismViolationError']));
  });

  it('breaks nobody when it is guarded', async () => {
    expect(await brokenBy(await bundleWith('guarded'))).toEqual({});
  });

  it('of how long it waits breaks nobody', async () => {
    expect(await brokenBy(await bundleWith('longerWait'))).toEqual({});
  });
});
