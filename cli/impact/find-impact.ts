import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';

import { type Next, whatNext } from '../../simulation/what-next.ts';
import { type Parked, parkedAt } from './parked.ts';
import { type RunningRun, runningRuns } from './running-runs.ts';
import { whyBroken } from './why-broken.ts';

/** What the journeys of this folder mean for one run. */
export interface Impact {
  workflowId: string;
  journey: string;
  parked: Parked;
  /** Absent for a run that cannot go on. */
  next?: Exclude<Next, { stuck: string }>;
  /** Why it cannot go on. */
  broken?: string;
}

export interface Found {
  impacts: Impact[];
  /** Whether the server has more running runs than were asked for. */
  more: boolean;
}

/**
 * Replays running runs of a journey, or of all, with this bundle. Reads only. All of them in one worker: to make one takes
 * far longer than a replay.
 */
export async function findImpact(
  client: Client,
  bundle: { code: string },
  journey: string | undefined,
  limit: number,
): Promise<Found> {
  const found: Found = { impacts: [], more: false };
  const runs = runningRuns(client, journey, limit, () => (found.more = true));
  const replayed: RunningRun[] = [];
  async function* oneByOne() {
    for await (const run of runs) {
      replayed.push(run);
      yield run;
    }
  }
  // The next history is only taken once this one has its result.
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: bundle }, oneByOne())) {
    const run = replayed.pop();
    if (run) found.impacts.push(await impactOn(bundle, run, error));
  }
  return found;
}

async function impactOn(bundle: { code: string }, run: RunningRun, error: Error | undefined): Promise<Impact> {
  const { workflowId, journey, history } = run;
  const events = history.events ?? [];
  const about = { workflowId, journey, parked: parkedAt(events) };
  if (error) return { ...about, broken: whyBroken(error) };
  const next = await whatNext(bundle, workflowId, events);
  return 'stuck' in next ? { ...about, broken: next.stuck } : { ...about, next };
}
