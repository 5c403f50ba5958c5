import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { normalise } from '../ingress/feedback/normalise.ts';
import { about, bounceOf, clickOf, complaintOf, event, mail, read, subscriptionOf } from './support/feedback-of-ses.ts';

describe('what cannot be used says why, and quotes nothing', () => {
  const personal = 'grace@example.com';
  const cases: [string, unknown, string, string?][] = [
    ['a list', [personal], 'not_an_event'],
    ['null', null, 'not_an_event'],
    ['a text', personal, 'not_an_event'],
    ['an object of another kind', { [personal]: personal }, 'not_an_event'],
    ['a Message that is not JSON', { Type: 'Notification', Message: `hello ${personal}` }, 'not_json'],
    ['a notification without Message', { Type: 'Notification' }, 'not_an_event'],
    ['no records', { Records: [] }, 'not_an_event'],
    ['records that are none', { Records: [personal] }, 'not_json'],
    ['an unknown type', event(`Greeting of ${personal}`), 'unknown_type'],
    ['a type that every object has', event('constructor'), 'unknown_type'],
    ['a type that is a number', { eventType: 7, mail }, 'unknown_type'],
    ['no mail', { ...bounceOf(), mail: undefined }, 'missing_block', 'mail'],
    ['a mail that is a list', { ...bounceOf(), mail: [mail] }, 'missing_block', 'mail'],
    ['no block', event('Bounce'), 'missing_block', 'bounce'],
    ['a block that is null', event('Bounce', { bounce: null }), 'missing_block', 'bounce'],
    ['a block that is a list', event('Bounce', { bounce: [personal] }), 'missing_block', 'bounce'],
    ['the block of another type', { ...clickOf(), eventType: 'Bounce' }, 'missing_block', 'bounce'],
    ['a bounce of nobody', bounceOf({ bouncedRecipients: [] }), 'missing_block', 'bounce.bouncedRecipients'],
    ['a bounce without a kind', bounceOf({ bounceType: 7 }), 'missing_block', 'bounce.bounceType'],
    [
      'a complaint of nobody',
      complaintOf({ complainedRecipients: personal }),
      'missing_block',
      'complaint.complainedRecipients',
    ],
    ['a click on nothing', clickOf({ link: [personal] }), 'missing_block', 'click.link'],
    [
      'more recipients than SES would name',
      bounceOf({ bouncedRecipients: Array.from({ length: 51 }, () => ({ emailAddress: personal })) }),
      'too_many_recipients',
      'more than 50 recipients',
    ],
    [
      'a mail to more than SES takes',
      { ...event('Open', { open: {} }), mail: { ...mail, destination: Array(51).fill(personal) } },
      'too_many_recipients',
    ],
    ['preferences that are none', subscriptionOf([personal]), 'missing_block', 'subscription.newTopicPreferences'],
  ];
  it.each(cases)('%s', (_name, value, reason, detail) => {
    const [found, ...more] = read(value);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ type: 'unusable', reason, ...(detail && { detail }) });
    expect(JSON.stringify(found)).not.toContain(personal);
  });

  it('but still says which mail it is about: that proves that the provider has it', () => {
    for (const value of [event('Greeting'), event('Bounce')]) expect(read(value)).toMatchObject([about]);
  });

  it('bytes that are no JSON', () => {
    for (const bytes of [new Uint8Array(), new Uint8Array([0xff, 0xfe]), new TextEncoder().encode('{"eventType":')]) {
      expect(normalise(bytes)).toEqual([{ type: 'unusable', reason: 'not_json', detail: 'the body is not JSON' }]);
    }
  });
});

describe('nothing makes it throw', () => {
  it('not an event in which any part is replaced by anything', () => {
    const events = [bounceOf(), complaintOf(), clickOf(), subscriptionOf({ topicSubscriptionStatus: [{}] })];
    const replaced = fc.tuple(fc.constantFrom(...events), fc.nat(), fc.jsonValue()).map(([value, where, by]) => {
      let left = where % countParts(value);
      return JSON.stringify(value, (_key, part: unknown) => (left-- === 0 ? by : part));
    });
    fc.assert(
      fc.property(replaced, (text) => {
        const found = normalise(new TextEncoder().encode(text));
        expect(found.length).toBeGreaterThan(0);
        for (const { type } of found) expect(type).toBeTypeOf('string');
      }),
    );
  });

  it.each([
    ['[', ']'],
    ['{"detail":', '}'],
    ['{"Records":[', ']}'],
    ['{"eventType":"Send","send":{},"mail":{"deep":', '}}'],
  ])('not a hundred thousand times %s', (opening, closing) => {
    const text = `${opening.repeat(100_000)}1${closing.repeat(100_000)}`;
    expect(normalise(new TextEncoder().encode(text))).toHaveLength(1);
  });
});

/** How many parts JSON.stringify visits, the whole included. */
function countParts(value: unknown): number {
  let count = 0;
  JSON.stringify(value, (_key, part: unknown) => {
    count += 1;
    return part;
  });
  return count;
}
