import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import PQueue from 'p-queue';

import { eventConsumers, retryConsumers } from '../ingress/consumers.ts';
import type { Stage } from './stage.ts';

const stallMs = 60_000;

/** An order as a shop publishes it, of a person of its own. */
export function newOrder(id = randomUUID(), user = `u_${id}`) {
  return {
    event_id: id,
    event_type: 'order.completed' as const,
    user_id: user,
    timestamp: Date.now(),
    payload: { order_id: `o_${id}`, total: 12.5, currency: 'EUR', contact: { email: `${id}@example.com` } },
  };
}
export type Order = ReturnType<typeof newOrder>;

/** A sign-up with an address; with consent to `onboarding` a welcome follows. */
export function newSignUp({ agrees = true } = {}) {
  const id = randomUUID();
  return {
    event_id: id,
    event_type: 'user.signed_up' as const,
    user_id: `u_${id}`,
    timestamp: Date.now(),
    payload: {
      plan: 'free',
      contact: { email: `${id}@example.com`, name: 'Ada' },
      ...(agrees && { consent: { topics: ['onboarding'], source: 'bench' } }),
    },
  };
}

export function newOrders(count: number, userOf?: (id: string) => string): Order[] {
  return Array.from({ length: count }, () => {
    const id = randomUUID();
    return newOrder(id, userOf?.(id));
  });
}

export interface Publishable {
  event_id: string;
  event_type: string;
  timestamp: number;
}

export async function publish({ stream }: Stage, event: Publishable): Promise<void> {
  await stream.js.publish(`marketing.events.${event.event_type}`, JSON.stringify(event));
}

/** Publishes all, so many in flight; gives back how many seconds that took. */
export async function publishAll(stage: Stage, events: readonly Publishable[], concurrency = 100): Promise<number> {
  const startedAt = performance.now();
  const queue = new PQueue({ concurrency });
  await queue.addAll(events.map((event) => () => publish(stage, event)));
  return (performance.now() - startedAt) / 1_000;
}

/** Waits until the ingress has taken in all that was published. */
export async function untilTakenIn({ stream }: Stage, everyMs = 250): Promise<void> {
  for (const deadline = Date.now() + stallMs; Date.now() < deadline; await sleep(everyMs)) {
    if ((await unprocessed(stream.manager)) === 0) return;
  }
}

/** The lanes first: a message that fails moves from there to the retries. */
async function unprocessed(manager: Stage['stream']['manager']): Promise<number> {
  const streams = { events: 'MARKETING_EVENTS', retries: 'MARKETING_RETRY' };
  let sum = 0;
  for (const { name, stream } of [...eventConsumers(), ...retryConsumers]) {
    const { num_pending, num_ack_pending } = await manager.consumers.info(streams[stream], name);
    sum += num_pending + num_ack_pending;
  }
  return sum;
}

/** Waits until the provider's feedback is taken in and all runs have ended. The stand-in tells of a delivery 0.4 s after it took the mail. */
export async function untilQuiet(stage: Stage): Promise<void> {
  await sleep(1_000);
  for (const deadline = Date.now() + stallMs; Date.now() < deadline; await sleep(250)) {
    await untilTakenIn(stage);
    if ((await stage.client.workflow.count('ExecutionStatus = "Running"')).count === 0) return;
  }
}
