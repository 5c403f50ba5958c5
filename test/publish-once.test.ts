import { randomUUID } from 'node:crypto';

import { beforeEach, expect, it } from 'vitest';

import { publishOnce } from '../client/publish-once.ts';
import { publishEvent } from '../ingress/nats.ts';
import { ownNats } from './support/own-nats.ts';

const nats = ownNats();
beforeEach(() => nats.reset());

const stored = async () => (await nats.stream.manager.streams.info('MARKETING_EVENTS')).state.messages;
const publication = { subject: 'marketing.events.order.completed', id: 'order-1', timeoutMs: 2_000 };
const isDuplicate = async () => (await publishOnce(nats.stream, { ...publication, bytes })).duplicate;
const bytes = new TextEncoder().encode('{"order":1}');

it('a message that is published twice is stored once', async () => {
  expect(await isDuplicate()).toBe(false);
  expect(await isDuplicate()).toBe(true);
  expect(await stored()).toBe(1);
});

it.each([
  ['other bytes', 'marketing.events.order.completed', 'junk'],
  ['another subject', 'marketing.feedback.ses', '{"order":1}'],
])('its id, used first by another producer for %s, cannot swallow it', async (_, subject, body) => {
  await nats.stream.js.publish(subject, body, { msgID: publication.id });
  expect(await isDuplicate()).toBe(false);
  expect(await isDuplicate()).toBe(true);
  expect(await stored()).toBe(2);
  const message = await nats.stream.manager.streams.getMessage('MARKETING_EVENTS', { seq: 2 });
  expect([message?.subject, message?.string()]).toEqual([publication.subject, '{"order":1}']);
});

it('an opt-out by a page is one of these', async () => {
  const event = { event_id: randomUUID(), event_type: 'consent.revoked' };
  await nats.stream.js.publish('marketing.events', 'junk', { msgID: event.event_id });
  await publishEvent(nats.stream, event);
  expect(await stored()).toBe(2);
});
