import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import PQueue from 'p-queue';

import { type Next, whatNext } from '../../simulation/what-next.ts';
import { type Parked, parkedAt } from './parked.ts';

/** What the journeys of this folder mean for one run. */
export interface Impact {
  workflowId: string;
  journey: string;
  parked: Parked;
  /** Absent for a run that cannot go on. */
  next?: Next;
  /** Why it cannot go on. */
  broken?: string;
}

export interface Found {
  impacts: Impact[];
  /** Whether the server has more running runs than were asked for. */
  more: boolean;
}

/** Histories that are held at once. */
const atOnce = 10;

/** Replays running runs of these journeys with this bundle. Reads only. */
export async function findImpact(
  client: Client,
  bundle: { code: string },
  journeys: readonly string[],
  limit: number,
): Promise<Found> {
  const types = journeys.map((journey) => `"${journey}"`).join(', ');
  const query = `ExecutionStatus = "Running" AND WorkflowType IN (${types})`;
  const queue = new PQueue({ concurrency: atOnce });
  const impacts: Impact[] = [];
  let seen = 0;
  let trouble: unknown;
  for await (const { workflowId, runId, type } of client.workflow.list({ query })) {
    if (trouble !== undefined) break;
    if (seen === limit) return { impacts: await queue.onIdle().then(() => impacts), more: true };
    seen += 1;
    await queue.onSizeLessThan(atOnce);
    void queue.add(async () => {
      try {
        const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
        impacts.push(await impactOn(bundle, workflowId, type, history));
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) trouble = error; // one that has ended meanwhile is no concern
      }
    });
  }
  await queue.onIdle();
  if (trouble !== undefined) throw trouble;
  return { impacts, more: false };
}

async function impactOn(
  bundle: { code: string },
  workflowId: string,
  journey: string,
  history: temporal.api.history.v1.IHistory,
): Promise<Impact> {
  const events = history.events ?? [];
  const parked = parkedAt(events);
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: bundle }, [{ workflowId, history }]))
    if (error) return { workflowId, journey, parked, broken: `${error.name}: ${error.message}` };
  return { workflowId, journey, parked, next: await whatNext(bundle, workflowId, events) };
}
