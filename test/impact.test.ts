import { execFile } from 'node:child_process';

import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';

import { findImpact, type Impact } from '../cli/impact/find-impact.ts';
import { createTally } from '../cli/impact/tell.ts';
import { bundleWith } from './support/changed-onboarding.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { event } from './support/events.ts';
import { type QuietWorker, startQuietWorker } from './support/quiet-worker.ts';
import { timeSkippingFor, untilSkipped } from './support/time-skipping.ts';
import { sharedWorkflowBundle } from './support/workflow-bundle.ts';

const day = 86_400;
let worker: QuietWorker;
let today: { code: string };

/** Starts a run and lets it live for so long; it stands still then. */
async function start(journey: string, id: string, seconds: number, payload = {}): Promise<void> {
  await timeSkippingFor(worker.client, seconds).start(journey, {
    workflowId: id,
    taskQueue: 'journeys',
    args: [{ ...event('user.signed_up', 'ada', payload), event_id: id }],
  });
  await untilSkipped(worker.client, id, seconds);
}

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
  today = await sharedWorkflowBundle();
  worker = await startQuietWorker(inject('servers').temporal, today);
  await Promise.all([
    start('onboarding', 'ada', day / 2),
    start('onboarding', 'grace', 2 * day),
    start('onboarding', 'joan', 2 * day),
    start('cart-recovery', 'cart', day, { cart_id: 'c_1', total: 500 }),
    start('win-back', 'lapse', 5 * day),
  ]);
  // The server lists what it has been told a moment ago.
  await vi.waitFor(async () => expect((await look(today)).impacts).toHaveLength(5), { timeout: 10_000 });
}, 60_000);
afterAll(() => worker.close(), 60_000);

interface Found {
  impacts: Impact[];
  /** Whether a limit cut off some. */
  more: boolean;
}

/** Options of a client that encodes nothing. */
const plain = { loadedDataConverter: { payloadCodecs: [] } };

async function find(client: Client, bundle: { code: string }, which: { journey?: string; limit?: number } = {}) {
  const found: Found = { impacts: [], more: false };
  const thereAreMore = () => void (found.more = true);
  for await (const impact of findImpact(client, bundle, { ...which, thereAreMore })) found.impacts.push(impact);
  return found;
}

const look = (bundle: { code: string }, limit?: number) =>
  find(worker.client, bundle, { ...(limit !== undefined && { limit }) });

function told({ impacts, more }: Found): string[] {
  const tally = createTally();
  for (const impact of impacts) tally.add(impact);
  return tally.told(more);
}

/** At so many runs, of a server that shows histories in this way. */
function lookAt(runs: number, fetchHistory: () => Promise<unknown>, limit?: number) {
  async function* list() {
    for (let run = 1; run <= runs; run += 1) yield { workflowId: `run-${run}`, runId: 'one', type: 'onboarding' };
  }
  const client = { options: plain, workflow: { list, getHandle: () => ({ fetchHistory }) } };
  return find(client as unknown as Client, today, { ...(limit !== undefined && { limit }) });
}

/** The command, as CI runs it before a deploy. */
function rivulet(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { namespace } = worker.client.options;
  const env = { ...process.env, TEMPORAL_ADDRESS: inject('servers').temporal, TEMPORAL_NAMESPACE: namespace };
  return new Promise((resolve) => {
    execFile(process.execPath, [compiledCli, 'impact', ...args], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

/** In short: who stands where, and what is next. */
function inShort(impacts: Impact[]): Record<string, string> {
  const line = ({ parked, next, broken }: Impact) =>
    broken ? `broken: ${broken.split(':')[0]}` : `${parked.where} -> ${JSON.stringify(next).replace(/,?"at":\d+/, '')}`;
  return Object.fromEntries(impacts.map((impact) => [impact.workflowId, line(impact)]));
}

describe('impact', () => {
  it('with the code of today says where everybody is, and what each will get next', async () => {
    expect(inShort((await look(today)).impacts)).toEqual({
      ada: 'wait 1 day for project.created -> {"mail":"first-project"}',
      grace: 'wait 3 days for project.created -> {"mail":"invite-team"}',
      joan: 'wait 3 days for project.created -> {"mail":"invite-team"}',
      cart: 'wait 2 days for order.completed -> {"mail":"cart-advice"}',
      lapse: expect.stringContaining('wait until their local time for user.returned -> '),
    });
  });

  it('says when: the mail comes when the wait that is shown ends', async () => {
    const { impacts } = await look(today);
    for (const { next, parked } of impacts.filter(({ journey }) => journey === 'onboarding')) {
      const at = next && 'at' in next ? next.at : 0;
      expect(Math.abs(at - (parked.until ?? 0))).toBeLessThan(2_000);
    }
  });

  it('names who cannot go on after a change that breaks, and nobody else', async () => {
    const found = await look(await bundleWith('breaking'));
    expect(inShort(found.impacts)).toMatchObject({
      ada: 'broken: DeterminismViolationError',
      grace: 'broken: DeterminismViolationError',
      joan: 'broken: DeterminismViolationError',
      cart: expect.stringContaining('cart-advice'),
    });
    const text = told(found).join('\n');
    expect(text).toContain('onboarding: 3 runs');
    expect(text).toContain(
      'CANNOT GO ON (DeterminismViolationError: Nondeterminism error: No command scheduled for event',
    );
    expect(text).toContain('3 of 5 cannot go on with the code in this folder.');
  });

  it('names who replays well, but would go on into an error', async () => {
    const found = await look(await bundleWith('wrongLater'));
    expect(inShort(found.impacts)).toMatchObject({
      ada: expect.stringContaining('first-project'),
      grace: expect.stringContaining('broken: nobody to invite'),
      joan: expect.stringContaining('broken: nobody to invite'),
    });
    expect(told(found).join('\n')).toContain('nobody to invite (workflows/journeys/onboarding.ts:');
  });

  it('sees runs of a journey that is gone, whatever is routed now', async () => {
    const found = await look({ code: today.code.replaceAll('win-back', 'win-over') });
    expect(inShort(found.impacts)).toMatchObject({
      lapse: expect.stringContaining('broken: '),
      ada: expect.stringContaining('first-project'),
    });
    expect(told(found).join('\n')).toContain('1 of 5 cannot go on');
  });

  it('looks at one journey alone', async () => {
    const { impacts } = await find(worker.client, today, { journey: 'win-back' });
    expect(impacts.map(({ workflowId }) => workflowId)).toEqual(['lapse']);
  });

  it('lets pass what is guarded, and what only waits longer', async () => {
    for (const [change, next] of [
      ['guarded', 'invite-team'],
      ['longerWait', 'first-project'],
    ] as const) {
      const found = await look(await bundleWith(change));
      expect(inShort(found.impacts)).toMatchObject({ ada: expect.stringContaining(next) });
      expect(told(found).at(-1)).toBe('All 5 can go on with the code in this folder.');
    }
  });

  it('looks at no more than it is told to, and says that there are more', async () => {
    const found = await look(today, 2);
    expect(found.impacts).toHaveLength(2);
    expect(told(found).at(-1)).toBe('All 2 that were looked at can go on; there are more, which --limit left out.');
    const broken = told({ ...(await look(await bundleWith('breaking'))), more: true }).at(-1);
    expect(broken).toMatch(/^3 of 5 that were looked at cannot go on .* And there are more, which --limit left out\.$/);
  });

  it('looks at all of them unless it is told otherwise, and leaves out who has ended since the server listed them', async () => {
    const fetchHistory = vi.fn(async () => ({ events: [{ workflowExecutionTerminatedEventAttributes: {} }] }));
    expect(await lookAt(2_500, fetchHistory)).toEqual({ impacts: [], more: false });
    expect(fetchHistory).toHaveBeenCalledTimes(2_500);
  });

  it('holds a handful of histories at a time, however many runs there are', async () => {
    const { events = [] } = await worker.client.workflow.getHandle('ada').fetchHistory();
    let held = 0;
    let most = 0;
    const fetchHistory = async () => {
      held += 1;
      most = Math.max(most, held);
      return { events };
    };
    async function* list() {
      for (let run = 1; run <= 50; run += 1) yield { workflowId: `run-${run}`, runId: 'one', type: 'onboarding' };
    }
    const client = { options: plain, workflow: { list, getHandle: () => ({ fetchHistory }) } } as unknown as Client;
    for await (const _ of findImpact(client, today)) held -= 1;
    expect(most).toBeLessThan(20);
    expect(held).toBe(0);
  });

  it('gives no answer rather than one without somebody whom the server would not show', async () => {
    await expect(lookAt(2, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });
});

describe('rivulet impact', () => {
  it('gives the all-clear with 0 once it has looked at everybody', async () => {
    const { code, out } = await rivulet();
    expect(out).toMatch(
      /^cart-recovery: 1 run\n[^]*\nonboarding: 3 runs\n[^]*\nAll 5 can go on with the code in this folder\.\n$/,
    );
    expect(code).toBe(0);
  });

  it('ends with 1 where --limit left some out: for them there is no all-clear', async () => {
    const { code, out } = await rivulet('--limit', '4');
    expect(out).toMatch(/\nAll 4 that were looked at can go on; there are more, which --limit left out\.\n$/);
    expect(code).toBe(1);
  });

  it('prints JSON, a run at a time', async () => {
    const { code, out } = await rivulet('--json', '--limit', '4');
    expect(JSON.parse(out)).toMatchObject({ impacts: { length: 4 }, more: true });
    expect(code).toBe(1);
    const one = JSON.parse((await rivulet('--json', '--journey', 'win-back')).out) as Found;
    expect(one).toMatchObject({ impacts: [{ workflowId: 'lapse', next: {} }], more: false });
    expect(JSON.parse((await rivulet('--json', '--journey', 'receipt')).out)).toEqual({ impacts: [], more: false });
  });

  it('of a name that is no journey is wrong use', async () => {
    expect(await rivulet('--json', '--journey', 'onbording')).toMatchObject({ code: 2, out: '' });
  });
});
