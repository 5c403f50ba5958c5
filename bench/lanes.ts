import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import PQueue from 'p-queue';

import { connectPostgres } from '../store/postgres/connect.ts';
import { createConsents } from '../store/postgres/consents.ts';
import { percentile } from './figures.ts';
import { newOrder, newOrders, publish, untilTakenIn } from './orders.ts';
import { acceptedAt } from './provider.ts';
import type { Scenario } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';

/** Receipts and opt-outs of people who have nothing to do with the backlog. */
const unrelated = 10;
const betweenMs = 300;
const giveUpMs = 60_000;

interface Measured {
  receipts: number[];
  optOuts: number[];
}

/** What a backlog does to the receipt and the opt-out of somebody else: from publishing to the provider, and to the record. */
export const lanes: Scenario = ({ warmUp }, interrupted) =>
  onStage({ programs: ['ses', 'worker', 'ingress'], sesLatencyMs: 0 }, interrupted, async (stage) => {
    const backlogs: [string, () => Promise<unknown>][] = [
      ['nothing', async () => {}],
      ['5,000 marketing events', () => publishAll(stage, inactive(5_000))],
      ['1,500 events of one user', () => publishAll(stage, ofOne(1_500))],
      ['1,000 malformed headers', () => publishMalformed(stage, 1_000)],
    ];
    await publishAll(stage, newOrders(Math.min(warmUp, 200)));
    await untilTakenIn(stage);
    const rows = [['behind', 'receipt p50, ms', 'max', 'opt-out p50, ms', 'max', 'published within, ms']];
    const figures: Record<string, Measured> = {};
    const mistakes: string[] = [];
    for (const [name, fill] of backlogs) {
      console.error(`lanes: behind ${name}`);
      const startedAt = Date.now();
      await fill();
      const filled = Date.now() - startedAt;
      const { receipts, optOuts } = (figures[name] = await measure(stage));
      if (receipts.length + optOuts.length < 2 * unrelated)
        mistakes.push(`${name}: a receipt or an opt-out is missing`);
      const cells = [receipts, optOuts].flatMap((ms) => [0.5, 1].map((share) => percentile(ms, share).toFixed(0)));
      rows.push([name, ...cells, String(filled)]);
      await untilTakenIn(stage);
    }
    return {
      surroundings: await surroundingsOf(stage),
      tables: [{ title: `${unrelated} receipts and ${unrelated} opt-outs, one of each every ${betweenMs} ms`, rows }],
      notes: [
        'A receipt: from the publishing of the order to the call of the provider. An opt-out: until it is in the record.',
      ],
      figures,
      mistakes,
    };
  });

async function measure(stage: Stage): Promise<Measured> {
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
    const receipts = await accepted(stage, published);
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

async function accepted(stage: Stage, published: Map<string, number>): Promise<number[]> {
  const url = stage.urlOf('ses');
  for (const deadline = Date.now() + giveUpMs; Date.now() < deadline; await sleep(100)) {
    const at = await acceptedAt(url);
    if ([...published.keys()].every((address) => at.has(address))) break;
  }
  const at = await acceptedAt(url);
  return [...published].flatMap(([address, from]) => {
    const then = at.get(address);
    return then === undefined ? [] : [then - from];
  });
}

type Publishable = { event_id: string; event_type: string };

async function publishAll({ stream }: Stage, events: readonly Publishable[]): Promise<void> {
  const queue = new PQueue({ concurrency: 500 });
  const one = (event: Publishable) => stream.js.publish(`marketing.events.${event.event_type}`, JSON.stringify(event));
  await queue.addAll(events.map((event) => () => one(event)));
}

function inactive(count: number): Publishable[] {
  return Array.from({ length: count }, () => {
    const id = randomUUID();
    return { event_id: id, event_type: 'user.became_inactive', user_id: `u_${id}`, timestamp: Date.now(), payload: {} };
  });
}

function ofOne(count: number): Publishable[] {
  const user = `u_${randomUUID()}`;
  return newOrders(count, () => user);
}

/** A blank in the name of a header, and no event in the body. By raw TCP: no client would send it. */
async function publishMalformed({ servers }: Stage, count: number): Promise<void> {
  const { hostname, port } = new URL(servers.nats.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const message = 'HPUB marketing.events.order.completed 20 24\r\nNATS/1.0\r\nA b: c\r\n\r\njunk\r\n';
  socket.write(`CONNECT {"verbose":false,"headers":true}\r\n${message.repeat(count)}PING\r\n`);
  for await (const bytes of socket) if (String(bytes).includes('PONG')) break;
  socket.destroy();
}
