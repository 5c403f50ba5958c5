import { randomUUID } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Event } from '../events/index.ts';
import type { ParsedEvent } from '../events/parse.ts';
import { recordPerson } from '../ingress/record-person.ts';
import { createConsents } from '../store/memory/consents.ts';
import { createContacts } from '../store/memory/contacts.ts';
import { createMemoryRecord } from '../store/memory/record.ts';

const noon = 1_760_000_000_000;
const hour = 3_600_000;

function person() {
  const record = createMemoryRecord({ now: () => noon, recordFacts: () => {} });
  const addressHash = (address: string) => address;
  const stores = {
    addressHash,
    addressHashes: (address: string): [string] => [address],
    contacts: createContacts(record, { addressHash }),
    consents: createConsents(record),
  };
  const user = 'ada_1';
  return {
    ...stores,
    /** An event that says that it happened at `timestamp`, and came when it came. */
    says: (
      type: Event['event_type'],
      timestamp: number,
      arrived: number,
      parts: Pick<ParsedEvent, 'contact' | 'consent'>,
    ) => {
      const event = { event_id: randomUUID(), event_type: type, user_id: user, timestamp, payload: {} } as Event;
      return recordPerson(stores, { event, ...parts }, arrived);
    },
    state: () => stores.consents.stateOf(user, 'offers'),
    name: async () => (await stores.contacts.find(user)).name,
  };
}

const offers = (captured_at?: number) => ({
  consent: { topics: ['offers'], ...(captured_at !== undefined && { captured_at }) },
});

describe('times that others say', () => {
  it('a grant from a clock that is ahead loses against the opt-out that comes after it', async () => {
    const { says, state } = person();
    await says('user.signed_up', noon, noon, offers(noon + 2 * hour));
    expect(await state()).toBe('granted');
    await says('consent.revoked', noon + 1_000, noon + 1_000, offers());
    expect(await state()).toBe('revoked');
  });

  it('an opt-out from a clock that is behind ends a grant that came before it', async () => {
    const { says, state } = person();
    await says('consent.granted', noon, noon, offers());
    await says('consent.revoked', noon - 5 * hour, noon + 1, offers());
    expect(await state()).toBe('revoked');
  });

  it('a block beside an order undoes no opt-out, unless it says when it was captured', async () => {
    const { says, state } = person();
    await says('consent.revoked', noon, noon, offers());
    await says('order.completed', noon + hour, noon + hour, offers());
    expect(await state()).toBe('revoked');
    await says('order.completed', noon + hour, noon + hour, offers(noon - 1));
    expect(await state()).toBe('revoked');
    await says('order.completed', noon + hour, noon + hour, offers(noon + 1));
    expect(await state()).toBe('granted');
  });

  it('an opt-out of one is one of everybody who has the address; a consent is theirs alone', async () => {
    const { says, consents, contacts } = person();
    await contacts.record('ada_2', { email: 'ada@example.com' }, noon);
    await says('user.signed_up', noon, noon, { contact: { email: 'ada@example.com' }, ...offers() });
    expect(await consents.stateOf('ada_2', 'offers')).toBe('none');
    await says('consent.revoked', noon + 1, noon + 1, offers());
    expect(await consents.stateOf('ada_1', 'offers')).toBe('revoked');
    expect(await consents.stateOf('ada_2', 'offers')).toBe('revoked');
  });

  it('an opt-out counts for whoever gets the address later, unless they state a later consent', async () => {
    const { says, contacts, consents } = person();
    const ada = { email: 'ada@example.com' };
    await says('user.signed_up', noon, noon, { contact: { email: 'old@example.com' }, ...offers() });
    await contacts.record('ada_2', ada, noon);
    await consents.record('ada_2', { id: 'out', state: 'revoked', ...offers(), at: noon + 5 });
    const state = () => consents.stateOf('ada_1', 'offers');
    await says('contact.updated', noon - 10, noon + 20, { contact: ada });
    expect(await state()).toBe('granted');
    await says('contact.updated', noon + 20, noon + 20, { contact: ada });
    expect(await state()).toBe('revoked');
    await says('order.completed', noon + 30, noon + 30, { contact: ada, ...offers() });
    expect(await state()).toBe('revoked');
    await says('consent.granted', noon + 40, noon + 40, { contact: ada, ...offers() });
    expect(await state()).toBe('granted');
    await says('order.completed', noon + 50, noon + 50, { contact: ada });
    expect(await state()).toBe('granted');
  });

  it('an opt-out counts at the address that it names, and at the one where it was said', async () => {
    const { says, contacts, consents } = person();
    const [x, y] = [{ email: 'x@example.com' }, { email: 'y@example.com' }];
    await contacts.record('ada_1', y, noon);
    for (const user of ['ada_2', 'ada_3']) {
      await contacts.record(user, user === 'ada_2' ? x : { email: 'old@example.com' }, noon);
      await consents.record(user, { id: user, state: 'granted', ...offers(), at: noon });
    }
    await says('consent.revoked', noon - hour, noon + 1, { contact: x, ...offers() });
    expect(await consents.stateOf('ada_2', 'offers')).toBe('revoked');
    await contacts.record('ada_2', y, noon + 2);
    await says('contact.updated', noon + 3, noon + 3, { contact: y });
    const moved = {
      event_id: 'moved',
      event_type: 'contact.updated',
      user_id: 'ada_3',
      timestamp: noon + 4,
      payload: {},
    } as Event;
    const addressHash = (address: string) => address;
    const stores = { contacts, consents, addressHash, addressHashes: (address: string): [string] => [address] };
    await recordPerson(stores, { event: moved, contact: x }, noon + 4);
    expect(await consents.stateOf('ada_3', 'offers')).toBe('revoked');
  });

  it('what was confirmed at the address that an event names does not count at a newer one', async () => {
    const { says, contacts, state } = person();
    await contacts.record('ada_1', { email: 'new@example.com' }, noon + hour);
    const consent = { topics: ['offers'], confirmed_at: noon };
    await says('consent.granted', noon, noon, { contact: { email: 'old@example.com' }, consent });
    expect(await state()).toBe('pending');
    await says('consent.granted', noon + 1, noon + 1, { contact: { email: 'new@example.com' }, consent });
    expect(await state()).toBe('granted');
  });

  it('a name from a clock that is ahead gives way to the one that comes after it', async () => {
    const { says, name } = person();
    await says('contact.updated', noon + 9 * hour, noon, { contact: { name: 'Ada' } });
    await says('contact.updated', noon + 1, noon + 1, { contact: { name: 'Augusta' } });
    expect(await name()).toBe('Augusta');
  });
});

const event = fc.record({
  kind: fc.constantFrom('grant' as const, 'beside' as const, 'opt-out' as const),
  /** How far the producer's clock is from the stream's, or how old what it reports is. */
  ahead: fc.integer({ min: -3 * hour, max: 3 * hour }),
  captured: fc.option(fc.integer({ min: -3 * hour, max: 3 * hour })),
  after: fc.integer({ min: 1, max: hour }),
});

describe('an opt-out', () => {
  it('holds against everything that came before it, and against all but a statement of a later time that comes after it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.nat()),
        async (events, order) => {
          const { says, state } = person();
          let arrived = noon;
          const history = events.map(({ kind, ahead, captured, after }) => {
            arrived += after;
            const own = captured === null ? undefined : arrived + captured;
            return { kind, timestamp: arrived + ahead, captured: own, arrived };
          });
          // Lanes work side by side: what came first is not always processed first.
          const processed = history
            .map((each) => ({ each, place: order.next().value as number }))
            .toSorted((one, other) => one.place - other.place)
            .map(({ each }) => each);
          for (const { kind, timestamp, captured, arrived: at } of processed) {
            const type =
              kind === 'opt-out' ? 'consent.revoked' : kind === 'grant' ? 'consent.granted' : 'user.signed_up';
            await says(type, timestamp, at, offers(captured));
          }

          const optOuts = history.filter(({ kind }) => kind === 'opt-out');
          const statements = history.filter(
            ({ kind, captured }) => kind === 'grant' || (kind === 'beside' && captured !== undefined),
          );
          const undone = optOuts.every((out) =>
            statements.some(
              (grant) => grant.arrived > out.arrived && (grant.captured ?? grant.timestamp) > out.arrived,
            ),
          );
          if ((await state()) === 'granted') expect(undone).toBe(true);
          if (optOuts.length === 0) {
            expect(await state()).toBe(history.length > 0 ? 'granted' : 'none');
          }
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
