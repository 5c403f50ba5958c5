import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

import type { Logger } from '../runtime/log.ts';
import type { EndedRun, RegisteredJourney, RunningJourneys } from '../store/running.ts';

/** An entry is checked once in so long: it outlives its run by a day at most. */
const checkEveryMs = 20 * 3_600_000;

const pageSize = 100;

/** Between two pages that were full, so that millions of entries are checked over the day rather than at once. */
const betweenPagesMs = 1_000;
const whenIdleMs = 10 * 60_000;
const deadlineMs = 8_000;

/** How often Temporal is asked for runs that ended. */
const followEveryMs = 10_000;

/** Temporal's list is not up to date: a run is in it within so long after its end. */
const listedWithinMs = 20_000;

/** What ended longer ago, because no ingress ran or Temporal was unavailable, is left to the daily check. */
const mostBehindMs = 3_600_000;

const endedPageSize = 500;

/** All but ContinuedAsNew, whose run goes on. */
const endings = "'Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut'";

const userId = defineSearchAttributeKey('UserId', SearchAttributeType.KEYWORD);

export interface SweepDependencies {
  client: Client;
  running: Pick<RunningJourneys, 'stale' | 'forget' | 'forgetEnded'>;
  /** Whether a run is still going; of a run that is not known, whether it may be one that is being started. */
  isRunning: (workflowId: string, since: number) => Promise<boolean>;
  log: Pick<Logger, 'debug'>;
}

/**
 * Removes entries of runs that have ended, until it is stopped. A run that ends removes none: that would cost every run an activity.
 * Temporal is asked for those that ended lately; what it does not list in time is found by checking every entry once a day.
 */
export async function sweepRunning(deps: SweepDependencies, stop: AbortSignal): Promise<void> {
  await Promise.all([followEnds(deps, stop), checkAll(deps, stop)]);
}

async function followEnds(deps: SweepDependencies, stop: AbortSignal): Promise<void> {
  for (let since = Date.now() - mostBehindMs; !stop.aborted;) {
    const until = Date.now();
    try {
      await forgetEnded(deps, Math.max(since, until - mostBehindMs) - listedWithinMs, until);
      since = until;
    } catch (error) {
      deps.log.debug({ err: error }, 'running_sweep.failed');
    }
    await sleep(followEveryMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Removes the entries of runs that ended between two instants (Unix ms). Returns how many entries there were. */
export async function forgetEnded(
  { client, running, isRunning }: SweepDependencies,
  from: number,
  until: number,
): Promise<number> {
  const [begin, end] = [from, until].map((at) => new Date(at).toISOString());
  const query = `ExecutionStatus IN (${endings}) AND UserId IS NOT NULL AND WorkflowType != 'recipient' AND CloseTime BETWEEN '${begin}' AND '${end}'`;
  const runs = client.workflow.list({ query, pageSize: endedPageSize })[Symbol.asyncIterator]();
  let forgotten = 0;
  for (let page: EndedRun[] = [], more = true; more; page = []) {
    while (page.length < endedPageSize && more) {
      const { done, value } = await client.withDeadline(Date.now() + deadlineMs, () => runs.next());
      more = !done;
      if (done) break;
      const user = value.typedSearchAttributes.get(userId);
      // A run that was reset is terminated, and goes on under the same id.
      if (user === undefined || (value.status.name === 'TERMINATED' && (await isRunning(value.workflowId, 0))))
        continue;
      page.push({ userId: user, workflowId: value.workflowId });
    }
    if (page.length > 0) forgotten += await running.forgetEnded(page);
  }
  return forgotten;
}

async function checkAll(deps: SweepDependencies, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    let checked = 0;
    try {
      checked = await sweepOnce(deps);
    } catch (error) {
      deps.log.debug({ err: error }, 'running_sweep.failed');
    }
    const waitMs = checked === pageSize ? betweenPagesMs : whenIdleMs;
    await sleep(waitMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Checks one page of entries. Returns how many. */
export async function sweepOnce({ client, running, isRunning }: SweepDependencies): Promise<number> {
  const entries = await running.stale(checkEveryMs, pageSize);
  const going = entries.length > 0 ? await runningAmong(client, entries) : new Set<string>();
  for (const { userId, workflowId, registeredAt } of entries) {
    // The list lags behind and may be incomplete: a run that is not in it is asked about by itself.
    if (going.has(workflowId) || (await isRunning(workflowId, registeredAt))) continue;
    await running.forget(userId, workflowId);
  }
  return entries.length;
}

/** One call for a whole page. Ids have no quotes in them (events/envelope.ts). */
function runningAmong(client: Client, entries: readonly RegisteredJourney[]): Promise<Set<string>> {
  const ids = entries.map(({ workflowId }) => `'${workflowId}'`).join(', ');
  const query = `ExecutionStatus = 'Running' AND WorkflowId IN (${ids})`;
  return client.withDeadline(Date.now() + deadlineMs, async () => {
    const found = new Set<string>();
    for await (const { workflowId } of client.workflow.list({ query, pageSize })) found.add(workflowId);
    return found;
  });
}
