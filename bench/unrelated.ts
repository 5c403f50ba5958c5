import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { connectPostgres } from '../store/postgres/connect.ts';
import { createConsents } from '../store/postgres/consents.ts';
import { newOrder, publish } from './orders.ts';
import { acceptedAt } from './provider.ts';
import type { Stage } from './stage.ts';

export const unrelated = 10;
export const betweenMs = 300;
const giveUpMs = 120_000;

export interface Measured {
  receipts: number[];
  optOuts: number[];
}

/**
 * Receipts and opt-outs of people who have nothing to do with what else goes on: how long each took, in ms, from publishing to the
 * provider, or to the record. Before `sendable`, Unix ms, the provider takes nothing, and receipts are counted from then on.
 */
export async function measureUnrelated(stage: Stage, sendable = Promise.resolve(0)): Promise<Measured> {
  const postgres = connectPostgres({ url: stage.servers.postgres.url, connections: 2 });
  const consents = createConsents(postgres);
  const published = new Map<string, number>();
  const optOuts: Promise<number | undefined>[] = [];
  try {
    for (let at = 0; at < unrelated; at++) {
      const order = newOrder();
      published.set(order.payload.contact.email, Date.now());
      await publish(stage, order);
      optOuts.push(optOut(stage, async (user) => (await consents.stateOf(user, 'offers')) === 'revoked'));
      await sleep(betweenMs);
    }
    const recorded = (await Promise.all(optOuts)).filter((ms) => ms !== undefined);
    const receipts = await accepted(stage, published, await sendable);
    return { receipts, optOuts: recorded };
  } finally {
    await postgres.close();
  }
}

async function optOut({ stream }: Stage, isRecorded: (user: string) => Promise<boolean>): Promise<number | undefined> {
  const [event_id, user_id] = [randomUUID(), `u_${randomUUID()}`];
  const event = {
    event_id,
    event_type: 'consent.revoked',
    user_id,
    timestamp: Date.now(),
    payload: { consent: { topics: ['offers'], source: 'bench' } },
  };
  const publishedAt = Date.now();
  await stream.js.publish('marketing.events.consent.revoked', JSON.stringify(event));
  for (const deadline = publishedAt + giveUpMs; Date.now() < deadline; await sleep(10)) {
    if (await isRecorded(user_id)) return Date.now() - publishedAt;
  }
  return undefined;
}

async function accepted(stage: Stage, published: Map<string, number>, sendable: number): Promise<number[]> {
  const url = stage.urlOf('ses');
  for (const deadline = Date.now() + giveUpMs; Date.now() < deadline; await sleep(100)) {
    const at = await acceptedAt(url);
    if ([...published.keys()].every((address) => at.has(address))) break;
  }
  const at = await acceptedAt(url);
  return [...published].flatMap(([address, from]) => {
    const then = at.get(address);
    return then === undefined ? [] : [then - Math.max(from, sendable)];
  });
}
