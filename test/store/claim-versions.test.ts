import { randomUUID } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ConsentState } from '../../store/consents.ts';
import type { Contact } from '../../store/contacts.ts';
import type { Suppression, SuppressionReason } from '../../store/suppressions.ts';
import { anAddress, day, implementations, monday, type PeopleStores, someone } from '../support/people-stores.ts';

/** What a claim compares: a send looked at under one of these is claimed only if it is still the same. */
async function versions({ contacts, personVersion, addressVersion }: PeopleStores, userId: string): Promise<unknown> {
  const hash = await contacts.addressHashOf(userId);
  return [await personVersion(userId), hash, hash === undefined ? undefined : await addressVersion(hash)];
}

const topics = ['offers', 'onboarding'] as const;

/** Everything that says whether and when this person may get an email. */
async function eligibility({ contacts, consents, suppressions }: PeopleStores, userId: string): Promise<unknown> {
  const { email, time_zone, country } = await contacts.find(userId);
  const hash = await contacts.addressHashOf(userId);
  return {
    email,
    time_zone,
    country,
    consents: await Promise.all(topics.map((topic) => consents.stateOf(userId, topic))),
    suppressed: hash !== undefined && [
      await suppressions.reasonFor(hash, 'marketing'),
      await suppressions.reasonFor(hash, 'transactional'),
    ],
  };
}

type Change = (stores: PeopleStores, userId: string, hash: string) => Promise<unknown>;

const states =
  (state: ConsentState, topic: string): Change =>
  ({ consents }, userId) =>
    consents.record(userId, { id: randomUUID(), state, consent: { topics: [topic] }, at: monday + day });
const writes =
  (contact: Contact): Change =>
  ({ contacts }, userId) =>
    contacts.record(userId, contact, monday + day);
const suppresses =
  (reason: SuppressionReason, more: Partial<Suppression> = {}): Change =>
  ({ suppressions }, _, hash) =>
    suppressions.add(hash, { reason, scope: 'all', since: monday, source: 'feedback', ...more });

const changes: [string, Change][] = [
  ['an opt-out from a topic', states('revoked', 'offers')],
  ['an opt-out from everything', states('revoked', '*')],
  ['another address', writes({ email: anAddress() })],
  ['another time zone', writes({ time_zone: 'Asia/Tokyo' })],
  ['another country', writes({ country: 'DE' })],
  ['a hard bounce', suppresses('hard_bounce')],
  ['a complaint that stops marketing', suppresses('complaint', { scope: 'marketing' })],
  ['soft bounces, for a time', suppresses('soft_bounces', { until: Date.now() + day })],
  ['an invalid address', suppresses('invalid_address', { scope: 'marketing' })],
  ["the provider's list", suppresses('provider_list', { source: 'provider' })],
  ['an operator', suppresses('manual')],
  ['a suppression that becomes one of all email', suppresses('manual', { until: Date.now() + day })],
];

describe.each(implementations)('the versions that a claim compares, in %s', (_, start) => {
  const stores = start();

  async function someoneWhoGetsEmail(): Promise<{ userId: string; hash: string }> {
    const { contacts, consents, suppressions, addressHash } = stores();
    const [userId, email] = [someone(), anAddress()];
    await contacts.record(userId, { email, time_zone: 'Europe/Berlin', country: 'FR' }, monday);
    await consents.record(userId, { id: 'sign-up', state: 'granted', consent: { topics: ['offers'] }, at: monday });
    const hash = addressHash(email);
    await suppressions.add(hash, { reason: 'manual', scope: 'marketing', since: 1, until: 2, source: 'operator' });
    return { userId, hash };
  }

  it.each(changes)('change with %s', async (__, change) => {
    const { userId, hash } = await someoneWhoGetsEmail();
    const before = [await versions(stores(), userId), await eligibility(stores(), userId)];
    await change(stores(), userId, hash);
    const after = [await versions(stores(), userId), await eligibility(stores(), userId)];
    expect(after[1]).not.toEqual(before[1]);
    expect(after[0]).not.toEqual(before[0]);
  });

  it('change with the first of anything that is known about a person', async () => {
    const { contacts, consents } = stores();
    const [ada, grace] = [someone(), someone()];
    const before = await versions(stores(), ada);
    await contacts.record(ada, { name: 'Ada' }, monday);
    await consents.record(grace, { id: 'no', state: 'revoked', consent: { topics: ['*'] }, at: monday });
    expect(await versions(stores(), ada)).not.toEqual(before);
    expect(await versions(stores(), grace)).not.toEqual(before);
  });

  it('do not change with a name, a language or a plan: such a send is not looked at again', async () => {
    const { userId } = await someoneWhoGetsEmail();
    const before = await versions(stores(), userId);
    await stores().contacts.record(userId, { name: 'Ada', locale: 'de', plan: 'pro' }, monday + day);
    await stores().contacts.record(userId, { country: 'FR' }, monday + day);
    expect(await versions(stores(), userId)).toEqual(before);
  });

  const change = fc.oneof(
    fc.record({
      kind: fc.constant('consent' as const),
      state: fc.constantFrom('granted', 'revoked', 'pending'),
      topic: fc.constantFrom('offers', 'onboarding', '*'),
      at: fc.integer({ min: 0, max: 4 }),
    }),
    fc.record({
      kind: fc.constant('contact' as const),
      contact: fc.constantFrom(
        { country: 'DE' },
        { country: 'FR' },
        { time_zone: 'UTC' },
        { name: 'Ada' },
        { email: 'ada@example.com' },
        { email: 'grace@example.com' },
      ),
      at: fc.integer({ min: 0, max: 4 }),
    }),
    fc.record({
      kind: fc.constant('suppress' as const),
      reason: fc.constantFrom('manual', 'complaint'),
      scope: fc.constantFrom('all', 'marketing'),
      days: fc.option(fc.integer({ min: -1, max: 2 }), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('lift' as const), reason: fc.constantFrom('manual', 'complaint', undefined) }),
  );

  it('change with every change of what a person may get, in any order of any of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 10 }), async (all) => {
        const { contacts, consents, suppressions, addressHash } = stores();
        const userId = someone();
        const own = (email: string) => `${userId}.${email}`;
        await contacts.record(userId, { email: own('first@example.com') }, 1);
        const now = Date.now();
        const seen = new Map<string, unknown>();
        const check = async () => {
          const version = JSON.stringify(await versions(stores(), userId));
          const found = await eligibility(stores(), userId);
          if (seen.has(version)) expect(found).toEqual(seen.get(version));
          seen.set(version, found);
        };
        await check();
        for (const each of all) {
          const hash = (await contacts.addressHashOf(userId)) ?? addressHash('none@example.com');
          if (each.kind === 'consent') {
            const { state, topic, at } = each;
            await consents.record(userId, {
              id: randomUUID(),
              state,
              consent: { topics: [topic] },
              at: monday + at,
            });
          } else if (each.kind === 'contact') {
            const contact: Contact = { ...each.contact };
            if (contact.email !== undefined) contact.email = own(contact.email);
            await contacts.record(userId, contact, monday + each.at);
          } else if (each.kind === 'suppress') {
            const { reason, scope, days } = each;
            const until = days === undefined ? {} : { until: now + days * day + 60_000 };
            await suppressions.add(hash, { reason, scope, since: monday, source: 'operator', ...until });
          } else {
            await suppressions.lift(hash, each.reason);
          }
          await check();
        }
      }),
      { numRuns: 40 },
    );
  });
});
