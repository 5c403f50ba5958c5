import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { admitBlocks } from '../ingress/admit-blocks.ts';
import type { Config } from '../config/schema.ts';
import { parseConfig } from '../config/parse.ts';
import { parseEvent } from '../events/parse.ts';
import { event, person } from './support/events.ts';
import { type IngressScene, ingressScene } from './support/ingress-scene.ts';
import { ownNats } from './support/own-nats.ts';
import { serversOfThisFile } from './support/scene.ts';

const contact = { email: 'ada@example.com' };
const consent = { topics: ['offers'], source: 'form' };
const payloads: Record<string, object> = {
  'order.completed': { order_id: 'o_1', total: 1, currency: 'EUR' },
  'user.signed_up': {},
};

function admitted(type: string, blocks: object, events: Config['events']) {
  const body = {
    event_id: 'e_1',
    event_type: type,
    user_id: 'u_1',
    timestamp: Date.now(),
    payload: { ...payloads[type], ...blocks },
  };
  const read = parseEvent(Buffer.from(JSON.stringify(body)));
  if (!read.ok) throw new Error(read.error);
  return admitBlocks(read.parsed, { events });
}

describe('which events may bring contact and consent', () => {
  it('are all, unless rivulet.yaml names some', () => {
    for (const type of ['order.completed', 'user.signed_up', 'consent.granted', 'contact.updated'])
      expect(admitted(type, { contact, consent }, {})).toMatchObject({ ok: true, parsed: { contact, consent } });
  });

  it('what another event brings is left out and told, and the event counts', () => {
    const events = { contact_from: ['user.signed_up' as const], consent_from: ['user.signed_up' as const] };
    const order = admitted('order.completed', { contact, consent }, events);
    expect(order).toMatchObject({
      ok: true,
      parsed: {
        dropped: [
          { field: 'payload.contact', problem: expect.stringContaining('events.contact_from') },
          { field: 'payload.consent', problem: expect.stringContaining('events.consent_from') },
        ],
      },
    });
    expect(order.ok && [order.parsed.contact, order.parsed.consent]).toEqual([undefined, undefined]);
    expect(admitted('user.signed_up', { contact, consent }, events)).toMatchObject({ parsed: { contact, consent } });
  });

  it('an event that is about nothing else is refused', () => {
    const none = { contact_from: [], consent_from: [] };
    for (const [type, block] of [
      ['consent.granted', 'consent'],
      ['consent.requested', 'consent'],
      ['contact.updated', 'contact'],
    ])
      expect(admitted(type!, { contact, consent }, none)).toEqual({
        ok: false,
        error: expect.stringContaining(
          `payload.${block} is not accepted from ${type} events: add the type to events.${block}_from`,
        ),
      });
  });

  it('an opt-out may always be said', () => {
    const said = admitted('consent.revoked', { contact, consent }, { contact_from: [], consent_from: [] });
    expect(said).toMatchObject({ ok: true, parsed: { consent, optOutAt: contact.email } });
    expect(said.ok && said.parsed.contact).toBeUndefined();
  });

  it('rivulet.yaml names types that there are', () => {
    const { mistakes } = parseConfig('rivulet.yaml', 'events: { contact_from: [order.complete] }', () => []);
    expect(mistakes.join()).toContain('events.contact_from');
  });

  it('rivulet.yaml names consent.granted, which our own pages publish', () => {
    const consentFrom = (types: string) =>
      parseConfig('rivulet.yaml', `events: { consent_from: [${types}] }`, () => []).mistakes.join();
    expect(consentFrom('user.signed_up')).toContain('must include consent.granted');
    expect(consentFrom('user.signed_up, consent.granted')).toBe('');
  });
});

describe('somebody who asks for a subscription again and again', () => {
  const nats = ownNats();
  const servers = serversOfThisFile();
  let scene: IngressScene;
  beforeEach(() => nats.reset());
  afterEach(() => scene.stop());

  it('is sent one email a day, whichever user ids they use', async () => {
    scene = ingressScene({ nats, servers });
    const { email } = person('ada');
    const asking = () => event('consent.requested', person('ada').user_id, { contact: { email }, consent });
    for (let times = 0; times < 5; times++)
      await nats.stream.js.publish('marketing.events.consent.requested', JSON.stringify(asking()));
    const done = () => scene.counted('rivulet_events_total', { event_type: 'consent.requested' });
    await expect.poll(done, { timeout: 20_000 }).toBe(5);
    expect(scene.started).toHaveLength(1);
    expect(await scene.counted('rivulet_entries_refused_total', { because: 'already_asked' })).toBe(4);
  });
});
