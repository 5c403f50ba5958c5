import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

import type { RecordedRun } from './recorded-runs.ts';
import { skipOn, timeSkippingFor, untilSkipped } from './time-skipping.ts';

/** Longer than any wait of a journey. */
const toTheEnd = 20 * 365 * 86_400;

/** Has a run take its way on a real server, over all its waits, and gives its history with nothing of this machine in it. */
export async function recordRun(
  client: Client,
  { journey, shape, startedBy, payload = {}, meanwhile = [] }: RecordedRun,
) {
  const workflowId = `${journey}_${shape}`;
  const event = (event_type: string, payload: object, id = workflowId) => ({
    event_id: id,
    event_type,
    user_id: 'ada',
    timestamp: Date.now(),
    payload,
  });
  const handle = await timeSkippingFor(client, meanwhile[0]?.after ?? toTheEnd).start(journey, {
    workflowId,
    taskQueue: 'journeys',
    args: [event(startedBy, payload)],
    staticSummary: `${journey} for ada`,
  });
  for (const [index, { after, signal, payload: heard = {} }] of meanwhile.entries()) {
    await untilSkipped(client, workflowId, index === 0 ? after : after - (meanwhile[index - 1]?.after ?? 0));
    if (signal) await handle.signal(signal, event(signal, heard, `${workflowId}_${index}`));
    else await handle.cancel();
    const next = meanwhile[index + 1];
    await skipOn(client, workflowId, next ? next.after - after : undefined);
  }
  await handle.result().catch(() => undefined); // one that was cancelled has none
  return withoutMachine(historyToJSON(await handle.fetchHistory()));
}

/** Process ids and host names stand in identities and in the names of sticky queues. */
function withoutMachine(history: string): unknown {
  return JSON.parse(history, (key, value: unknown) => {
    if (key === 'identity') return 'recorded';
    if (key === 'stackTrace') return undefined; // it names folders of this machine
    if (key === 'taskQueue' && isSticky(value)) return { name: 'sticky', kind: 'TASK_QUEUE_KIND_STICKY' };
    return value;
  });
}

function isSticky(queue: unknown): boolean {
  return JSON.stringify(queue).includes('STICKY');
}
