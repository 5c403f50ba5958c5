import type { Client, WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';
import { vi } from 'vitest';

import type { RecordedRun } from './recorded-runs.ts';
import { skipOn, timeSkippingFor, untilSkipped } from './time-skipping.ts';

/** Longer than any wait of a journey. */
const toTheEnd = 20 * 365 * 86_400;

/** Has a run take its way on a real server, over all its waits, and gives its history with nothing of this machine in it. */
export async function recordRun(
  client: Client,
  { journey, shape, startedBy, payload = {}, user = 'ada', scenario = [] }: RecordedRun,
) {
  const workflowId = `${journey}_${shape}`;
  const event = (event_type: string, payload: object, id = workflowId) => ({
    event_id: id,
    event_type,
    user_id: user,
    timestamp: Date.now(),
    payload,
  });
  const handle = await timeSkippingFor(client, scenario[0]?.after ?? toTheEnd).start(journey, {
    workflowId,
    taskQueue: 'journeys',
    args: startedBy ? [event(startedBy, payload)] : [],
    staticSummary: `${journey} for ${user}`,
  });
  for (const [index, { after, signal, payload: heard = {} }] of scenario.entries()) {
    await untilSkipped(client, workflowId, index === 0 ? after : after - (scenario[index - 1]?.after ?? 0));
    if (signal === 'feedback') await handle.signal(signal, heard);
    else if (signal) await handle.signal(signal, event(signal, heard, `${workflowId}_${index}`));
    else await handle.cancel();
    const next = scenario[index + 1];
    await skipOn(client, workflowId, next ? next.after - after : undefined);
  }
  return withoutMachine(historyToJSON(await historyOfWhole(handle)));
}

/** A run that goes wrong is no example of one that goes on; most would wait for a repair for ever. */
async function historyOfWhole(handle: WorkflowHandle): Promise<temporal.api.history.v1.IHistory> {
  const history = await vi.waitFor(
    async () => {
      const history = await handle.fetchHistory();
      if (!isOver(history) && !whatWentWrong(history)) throw new Error(`${handle.workflowId} is still under way`);
      return history;
    },
    { timeout: 30_000, interval: 50 },
  );
  const wrong = whatWentWrong(history);
  if (!wrong) return history;
  throw new Error(`${handle.workflowId} went wrong: ${wrong}. Write how it goes well in test/support/recorded-runs.ts`);
}

function isOver({ events }: temporal.api.history.v1.IHistory): boolean {
  const last = events?.at(-1);
  return Boolean(last?.workflowExecutionCompletedEventAttributes ?? last?.workflowExecutionCanceledEventAttributes);
}

function whatWentWrong({ events }: temporal.api.history.v1.IHistory): string | undefined {
  const failures = events?.map(
    (event) => (event.workflowExecutionFailedEventAttributes ?? event.workflowTaskFailedEventAttributes)?.failure,
  );
  // The server fails a task too, when a signal comes in the middle of it: that one is just done again.
  const failure = failures?.find((failure) => failure?.source === 'TypeScriptSDK');
  return failure ? (failure.cause?.message ?? failure.message ?? 'it failed') : undefined;
}

/** Process ids and host names stand in identities and in the names of sticky queues, folders in the stacks of errors. */
function withoutMachine(history: string): unknown {
  return JSON.parse(history, (key, value: unknown) => {
    if (key === 'identity') return 'recorded';
    if (key === 'stackTrace') return undefined;
    if (key === 'taskQueue' && isSticky(value)) return { name: 'sticky', kind: 'TASK_QUEUE_KIND_STICKY' };
    return value;
  });
}

function isSticky(queue: unknown): boolean {
  return JSON.stringify(queue).includes('STICKY');
}
