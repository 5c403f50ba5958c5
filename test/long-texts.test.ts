import { expect, it } from 'vitest';

import { parseEvent } from '../events/parse.ts';
import { readableIds } from '../events/readable-ids.ts';
import { normalise } from '../ingress/feedback/normalise.ts';
import { createSnsVerifier } from '../ingress/feedback/sns-signature.ts';
import { feedbackId } from '../ingress/feedback/store.ts';
import { createLog } from '../runtime/log.ts';
import { createTokens } from '../runtime/tokens.ts';
import { amazon, ourTopic, signedNotification } from './support/sns.ts';
import { bounceOf, clickOf, complaintOf, event, mail, subscriptionOf, timestamp } from './support/feedback-of-ses.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const envelope = {
  event_id: 'e_1',
  user_id: 'u_1',
  timestamp: 1_760_000_000_000,
  metadata: { source: 'a', note: 'b' },
};
const contact = { email: 'a@b.example', name: 'Ada', locale: 'de', time_zone: 'Europe/Berlin', country: 'DE' };
const consent = {
  topics: ['offers'],
  source: 'a',
  wording: 'b',
  actor: 'c',
  locale: 'de',
  ip: '192.0.2.1',
  user_agent: 'd',
  evidence: 'e',
};
const cart = {
  cart_id: 'c',
  total: 1,
  currency: 'EUR',
  items: [{ name: 'a', quantity: 1, price: 1 }],
  url: 'https://a.b',
};

const events: [string, object][] = [
  ['a cart', { ...envelope, event_type: 'cart.abandoned', payload: { ...cart, contact, consent } }],
  ['a sign-up', { ...envelope, event_type: 'user.signed_up', payload: { plan: 'pro' } }],
];

const diagnosed = [{ emailAddress: 'a@b.example', status: 'x', diagnosticCode: 'smtp; 550 5.1.1 x' }];
const feedback: [string, object][] = [
  ['a bounce', bounceOf({ bouncedRecipients: diagnosed })],
  ['a complaint', complaintOf({ complaintFeedbackType: 'abuse', complaintSubType: 'x' })],
  ['a click', clickOf()],
  ['a delay', event('DeliveryDelay', { deliveryDelay: { timestamp, delayType: 'x', delayedRecipients: diagnosed } })],
  ['a reject', event('Reject', { reject: { reason: 'x' } })],
  ['an opt-out', subscriptionOf({ topicSubscriptionStatus: [{ topicName: 'a', subscriptionStatus: 'OptOut' }] })],
  [
    'a delivery in SNS',
    { Type: 'Notification', MessageId: 'a', Message: JSON.stringify(event('Send', { send: {}, mail })) },
  ],
];

/** What made some pattern of ours look at a text again and again, or could. */
const pieces = ['a', '@', 'a@', '<', ' ', '\u{e0100}', '550 ', '"a"@'];

/** CPU of this process in ms: the least of some tries. */
function cpuOf(work: () => unknown, tries: number): number {
  const once = () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  return Math.min(...Array.from({ length: tries }, once));
}

/** Four times the text is four times the work, where it can be measured at all; going through it for each of its letters is sixteen times. */
const isInProportion = (one: number, four: number) => four < 8 * one + 30;

/** From short to long, so that what is not in proportion is found in seconds and not in hours. */
function expectLinear(read: (text: string) => unknown, most: number, what: string): void {
  for (const piece of pieces) {
    const cost = (size: number, tries = 1) => {
      const text = piece.repeat(Math.floor(size / new TextEncoder().encode(piece).length));
      return cpuOf(() => read(text), tries);
    };
    let [size, before] = [most / 256, cost(most / 256)];
    while (size < most) {
      let now = cost(size * 4);
      if (!isInProportion(before, now)) [before, now] = [cost(size, 3), cost(size * 4, 3)];
      expect(isInProportion(before, now), `${what} of ${JSON.stringify(piece)}: ${before} ms, then ${now} ms`).toBe(
        true,
      );
      [size, before] = [size * 4, now];
    }
  }
}

/** The same value with one of its texts changed, for each of them, by path. */
function* eachText(value: unknown, path = ''): Generator<[path: string, withText: (text: string) => unknown]> {
  if (typeof value === 'string') yield [path, (text) => text];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    for (const [deeper, change] of eachText(inner, `${path}.${key}`)) {
      yield [
        deeper,
        (text) => (Array.isArray(value) ? value.with(Number(key), change(text)) : { ...value, [key]: change(text) }),
      ];
    }
  }
}

it.each(events)('every text of %s may be as long as an event, and takes work in proportion', (name, whole) => {
  for (const [path, withText] of eachText(whole)) {
    expectLinear((text) => parseEvent(bytes(withText(text))), 240_000, `${name}${path}`);
  }
  expect(parseEvent(bytes({ ...whole, note: 'a'.repeat(1_000_000) }))).toMatchObject({ reason: 'too_large' });
});

it.each(feedback)('every text of %s may have a megabyte, and takes work in proportion', (name, whole) => {
  for (const [path, withText] of eachText(whole)) {
    const read = (text: string) => {
      const message = bytes(withText(text));
      return [feedbackId(message), normalise(message)];
    };
    expectLinear(read, 1_000_000, `${name}${path}`);
  }
});

it('so does every text of a message to the SNS endpoint', () => {
  const verifier = createSnsVerifier({ topics: [ourTopic], fetchCertificate: async () => amazon.pem });
  for (const [path, withText] of eachText(signedNotification())) {
    expectLinear((text) => verifier.verify(JSON.stringify(withText(text)), 'a client'), 256_000, path);
  }
});

it('and what stands behind a link, and what is logged', () => {
  const tokens = createTokens({ secret: 'ab'.repeat(32), keys: ['1'], installation: 'test' });
  expectLinear((text) => tokens.read(text), 1_000_000, 'a token');
  const log = createLog('test', 'info', { write: () => undefined });
  expectLinear((text) => log.info({ detail: text, err: new Error(text) }, text), 1_000_000, 'a log line');
});

it('and a body that is no JSON, of which the ids are looked for', () => {
  const read = (text: string) => readableIds(new TextEncoder().encode(`{"event_id"${text}`));
  expectLinear(read, 1_000_000, 'a body after the name of an id');
  expectLinear((text) => read(text.replaceAll('a@', '"event_id": ')), 1_000_000, 'many names of an id');
});
