import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { eventConsumers, type LaneConsumer } from '../ingress/consumers.ts';
import type { Routes } from '../ingress/lanes.ts';
import { endMoved, movedConsumers, provisionConsumers } from '../ingress/provision-consumers.ts';
import { routes } from '../ingress/routes.ts';
import { ownNats, streamSettings } from './support/own-nats.ts';

const nats = ownNats();
const subject = 'marketing.events.trial.started';

const marketing = eventConsumers(routes);
const transactional = eventConsumers({
  ...routes,
  'trial.started': { ...routes['trial.started']!, transactional: true },
} satisfies Routes);
/** As if there were no such event type: nothing has it but the consumer that sees everything. */
const nowhere = marketing.map((consumer) => ({
  ...consumer,
  subjects: consumer.subjects.filter((each) => each !== subject),
}));

const provision = (wanted: readonly LaneConsumer[]) => provisionConsumers(nats.stream.manager, streamSettings, wanted);

beforeEach(async () => {
  await nats.reset();
  await provision(marketing);
});
afterEach(async () => {
  for (const { name } of await moved()) await nats.stream.manager.consumers.delete('MARKETING_EVENTS', name);
});

const moved = () => movedConsumers(nats.stream.manager, 'MARKETING_EVENTS');

async function publish(count: number, on = subject): Promise<void> {
  for (let at = 0; at < count; at++) await nats.stream.js.publish(on, 'x');
}

/** Sequences of what a consumer delivers, at most so many, acknowledged. */
async function read(name: string, atMost = 1_000): Promise<number[]> {
  const consumer = await nats.stream.js.consumers.get('MARKETING_EVENTS', name);
  const { num_pending } = await consumer.info();
  const count = Math.min(atMost, num_pending);
  const found: number[] = [];
  if (count === 0) return found;
  for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) {
    if (message.subject === subject) found.push(message.seq);
    await message.ackAck();
  }
  return found;
}

async function readAll(wanted: readonly LaneConsumer[]): Promise<number[]> {
  const found: number[] = [];
  for (const { name } of [...wanted.filter(({ kind }) => kind === 'lane'), ...(await moved())]) {
    found.push(...(await read(name)));
  }
  return found;
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const distinct = (seqs: readonly number[]) => [...new Set(seqs)].toSorted((one, other) => one - other);

describe('an event type that moves to another lane', () => {
  it('from one that is behind to one that is ahead: none is lost between the two', async () => {
    await publish(30);
    const before = await read('ingress-marketing', 10);
    await publish(1, 'marketing.events.order.completed');
    await read('ingress-transactional'); // it stands behind all thirty
    await provision(transactional);
    await nats.stream.js.publish(subject, 'after');
    const after = await readAll(transactional);
    expect(distinct([...before, ...after])).toEqual([...upTo(30), 32]);
    expect(after.filter((seq) => before.includes(seq))).toEqual([]); // the first consumer stood where it said
  });

  it('back again: none is lost either, and one that comes twice is one that was not acknowledged in its order', async () => {
    await provision(transactional);
    await publish(30);
    const before = await read('ingress-transactional', 10);
    await publish(1, 'marketing.events.user.signed_up');
    await read('ingress-marketing');
    await provision(marketing);
    expect(distinct([...before, ...(await readAll(marketing))])).toEqual(upTo(30));
  });

  it('from no lane, when it is new: what was published before is delivered', async () => {
    await provision(nowhere);
    await publish(1, 'marketing.events.user.signed_up');
    await publish(5);
    await publish(1, 'marketing.events.user.signed_up');
    await read('ingress-marketing');
    await provision(marketing);
    expect(distinct(await readAll(marketing))).toEqual([2, 3, 4, 5, 6]);
  });

  it('leaves a consumer behind until all is processed and its lane has it, and no longer', async () => {
    await publish(3);
    await publish(1, 'marketing.events.order.completed');
    await read('ingress-transactional');
    await provision(transactional);
    const [left] = await moved();
    expect([left?.lane, left?.subjects]).toEqual(['transactional', [subject, 'marketing.events.trial.extended']]);
    const end = () => endMoved(nats.stream.manager, 'MARKETING_EVENTS', left!, transactional);
    expect(await end()).toBe(false);
    await read(left!.name);
    // Another ingress, with the routes of before, has taken the subject back: its messages may still be in between.
    expect(await endMoved(nats.stream.manager, 'MARKETING_EVENTS', { ...left!, lane: 'opt-outs' }, transactional)).toBe(
      false,
    );
    expect(await end()).toBe(true);
    expect(await moved()).toEqual([]);
    await publish(2);
    expect(await readAll(transactional)).toEqual([5, 6]);
    expect(nats.complaints().join('\n')).toBe('');
  });

  it('is provisioned by two ingresses at once as by one', async () => {
    await publish(5);
    await Promise.all([provision(transactional), provision(transactional)]);
    expect(distinct(await readAll(transactional))).toEqual(upTo(5));
  });
});
