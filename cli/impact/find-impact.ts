import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';

import { type Next, whatNext } from '../../simulation/what-next.ts';
import { type Parked, parkedAt } from './parked.ts';
import { type RunningRun, runningRuns, type Which } from './running-runs.ts';
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

/**
 * Replays running runs with this bundle, and gives what that means for each before it takes the next: of a server with a
 * million runs, a handful of histories are held at a time. Reads only. All of them in one worker: to make one takes far
 * longer than a replay.
 */
export async function* findImpact(client: Client, bundle: { code: string }, which: Which = {}): AsyncGenerator<Impact> {
  const replayed: RunningRun[] = [];
  async function* oneByOne() {
    for await (const run of runningRuns(client, which)) {
      replayed.push(run);
      yield run;
    }
  }
  // The next history is only taken once this one has its result.
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: bundle }, oneByOne())) {
    const run = replayed.pop();
    if (run) yield await impactOn(bundle, run, error);
  }
}

async function impactOn(bundle: { code: string }, run: RunningRun, error: Error | undefined): Promise<Impact> {
  const { workflowId, journey, history } = run;
  const events = history.events ?? [];
  const about = { workflowId, journey, parked: parkedAt(events) };
  if (error) return { ...about, broken: whyBroken(error) };
  const next = await whatNext(bundle, workflowId, events);
  return 'stuck' in next ? { ...about, broken: next.stuck } : { ...about, next };
}
