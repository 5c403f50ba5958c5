import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import PQueue from 'p-queue';

import { consumerName } from '../ingress/nats.ts';
import { countCpu } from './cpu.ts';
import type { Run } from './report.ts';
import type { Stage } from './stage.ts';

const stallMs = 60_000;

interface Stats {
  accepted: number;
  byTag: Record<string, number>;
  keysNotCounted: number;
}

/**
 * One mail for each of `count` orders, from NATS to the provider. The rate ends with the last acceptance; the CPU count
 * ends when the runs have closed and the provider's feedback is taken in, because that is work for the same mails.
 */
export async function runProduct(stage: Stage, count: number): Promise<Run> {
  await fetch(`${stage.sesUrl}/api/stats`, { method: 'DELETE' });
  const cpu = countCpu(stage.pids);
  const startedAt = Date.now();
  const ids = await publishOrders(stage, count);
  const publishMs = Date.now() - startedAt;
  await untilAccepted(stage, count);
  const seconds = ((await lastAcceptedAt(stage)) - startedAt) / 1_000;
  await untilQuiet(stage);
  const spent = cpu();

  const stats = await readStats(stage);
  const { events = [] } = await stage.client.workflow.getHandle(ids[0]!).fetchHistory();
  return {
    what: 'product',
    count,
    seconds,
    publishSeconds: publishMs / 1_000,
    spent,
    historyEvents: events?.length ?? 0,
    mistakes: mistakesIn(stats, count),
  };
}

async function publishOrders({ stream }: Stage, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const queue = new PQueue({ concurrency: 100 });
  await queue.addAll(
    ids.map((id) => async () => {
      const event = {
        event_id: id,
        event_type: 'order.completed',
        user_id: `u_${id}`,
        timestamp: Date.now(),
        payload: {
          order_id: `o_${id}`,
          total: 12.5,
          currency: 'EUR',
          contact: { email: `${id}@example.com` },
        },
      };
      return stream.js.publish('marketing.events.order.completed', JSON.stringify(event));
    }),
  );
  return ids;
}

/** Gives up when nothing more comes; what is missing is then told by the counts. */
async function untilAccepted(stage: Stage, count: number): Promise<void> {
  let seen = -1;
  for (let since = Date.now(); Date.now() - since < stallMs; await sleep(250)) {
    const { accepted } = await readStats(stage);
    if (accepted >= count) return;
    if (accepted !== seen) since = Date.now();
    seen = accepted;
  }
}

/** The stand-in tells of a mail's delivery 0.4 s after it took the mail. */
async function untilQuiet({ stream, client }: Stage): Promise<void> {
  await sleep(1_000);
  for (const deadline = Date.now() + stallMs; Date.now() < deadline; await sleep(250)) {
    const { num_pending, num_ack_pending } = await stream.manager.consumers.info('MARKETING_EVENTS', consumerName);
    if (num_pending + num_ack_pending > 0) continue;
    if ((await client.workflow.count('ExecutionStatus = "Running"')).count === 0) return;
  }
}

async function readStats({ sesUrl }: Stage): Promise<Stats> {
  return (await (await fetch(`${sesUrl}/api/stats`)).json()) as Stats;
}

async function lastAcceptedAt({ sesUrl }: Stage): Promise<number> {
  const mails = (await (await fetch(`${sesUrl}/api/mails?limit=1`)).json()) as { acceptedAt: number }[];
  return mails[0]?.acceptedAt ?? Date.now();
}

/** Exactly one mail for each order, by the provider's own count. */
export function mistakesIn({ accepted, byTag, keysNotCounted }: Stats, count: number): string[] {
  const keys = Object.values(byTag);
  const twice = keys.filter((times) => times > 1).length;
  return [
    ...(keys.length === count ? [] : [`${keys.length} different mails instead of ${count}`]),
    ...(twice === 0 ? [] : [`${twice} mails were accepted more than once`]),
    ...(accepted === count ? [] : [`${accepted} mails accepted instead of ${count}`]),
    ...(keysNotCounted === 0 ? [] : [`${keysNotCounted} mails were not told apart`]),
  ];
}
