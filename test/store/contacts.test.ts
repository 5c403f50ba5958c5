import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Contact, contactFields } from '../../store/contacts.ts';
import { anAddress, day, implementations, monday, someone } from '../support/people-stores.ts';

const tuesday = monday + day;

interface Said {
  contact: Contact;
  at: number;
}

const value = fc.option(fc.constantFrom('one', 'two', 'three'), { nil: undefined });
const said: fc.Arbitrary<Said> = fc
  .record({
    at: fc.integer({ min: monday, max: monday + 4 }),
    contact: fc.record({ email: value, name: value, locale: value, time_zone: value, country: value, plan: value }),
  })
  .map(({ at, contact }) => ({
    at,
    contact: Object.fromEntries(Object.entries(contact).filter(([, each]) => each !== undefined)) as Contact,
  }));

/** For each field, what the newest event says; of two of one instant, the one that arrived later. */
function newestOf(events: readonly Said[]): Contact {
  const of = (field: keyof Contact) =>
    events
      .filter(({ contact }) => contact[field] !== undefined)
      .toSorted((one, other) => one.at - other.at)
      .at(-1)?.contact[field];
  const fields = contactFields.map((field) => [field, of(field)] as const);
  return Object.fromEntries(fields.filter(([, each]) => each !== undefined)) as Contact;
}

describe.each(implementations)('contacts in %s', (_, start) => {
  const stores = start();

  it('are empty for an unknown person', async () => {
    const { contacts, personVersion } = stores();
    const ada = someone();
    expect(await contacts.find(ada)).toEqual({});
    expect(await contacts.addressHashOf(ada)).toBeUndefined();
    expect(await personVersion(ada)).toBeUndefined();
  });

  it('what Ada says on Tuesday remains when her Monday arrives late', async () => {
    const { contacts } = stores();
    const ada = someone();
    await contacts.record(ada, { email: 'ada@new.example', name: 'Ada' }, tuesday);
    await contacts.record(ada, { email: 'ada@old.example', country: 'DE' }, monday);
    expect(await contacts.find(ada)).toEqual({ email: 'ada@new.example', name: 'Ada', country: 'DE' });
  });

  it('what she says on Tuesday is added to her Monday', async () => {
    const { contacts } = stores();
    const ada = someone();
    await contacts.record(ada, { email: 'ada@old.example', name: 'Ada' }, monday);
    await contacts.record(ada, { email: 'ada@new.example', locale: 'pt-BR', plan: 'pro' }, tuesday);
    expect(await contacts.find(ada)).toEqual({ email: 'ada@new.example', name: 'Ada', locale: 'pt-BR', plan: 'pro' });
  });

  it('say when each field was written', async () => {
    const { contacts } = stores();
    const ada = someone();
    expect(await contacts.dated(ada)).toEqual({ contact: {}, writtenAt: {} });
    await contacts.record(ada, { email: 'ada@new.example', name: 'Ada' }, tuesday);
    await contacts.record(ada, { email: 'ada@old.example', country: 'DE' }, monday);
    expect(await contacts.dated(ada)).toEqual({
      contact: { email: 'ada@new.example', name: 'Ada', country: 'DE' },
      writtenAt: { email: tuesday, name: tuesday, country: monday },
    });
  });

  it('an empty contact changes nothing and creates no person', async () => {
    const { contacts, personVersion } = stores();
    const [ada, grace] = [someone(), someone()];
    await contacts.record(ada, { email: 'ada@example.com' }, monday);
    await contacts.record(ada, {}, tuesday);
    await contacts.record(grace, {}, tuesday);
    expect(await contacts.find(ada)).toEqual({ email: 'ada@example.com' });
    expect([await personVersion(ada), await personVersion(grace)]).toEqual([1, undefined]);
  });

  it('hold the newest of each field in any order of events, and the version counts what decides about an email', async () => {
    const { contacts, personVersion } = stores();
    await fc.assert(
      fc.asyncProperty(fc.array(said, { minLength: 1, maxLength: 8 }), async (events) => {
        const ada = someone();
        let version: number | undefined;
        let before: Contact = {};
        for (const [index, { contact, at }] of events.entries()) {
          await contacts.record(ada, contact, at);
          const now = newestOf(events.slice(0, index + 1));
          const changed = (['email', 'time_zone', 'country'] as const).some((field) => now[field] !== before[field]);
          if (Object.keys(contact).length > 0) version = version === undefined ? 1 : version + (changed ? 1 : 0);
          before = now;
        }
        expect(await contacts.find(ada)).toEqual(before);
        expect(await personVersion(ada)).toBe(version);
      }),
      { numRuns: 100 },
    );
  });

  it('find everyone at an address, by its hash, in any spelling, and no longer at the one they left', async () => {
    const { contacts, addressHash } = stores();
    const [ada, grace] = [someone(), someone()].toSorted() as [string, string];
    const address = anAddress();
    await contacts.record(grace, { email: address.toUpperCase() }, monday);
    await contacts.record(ada, { email: address }, monday);
    expect(await contacts.addressHashOf(ada)).toBe(addressHash(address));
    expect(await contacts.peopleAt(addressHash(address))).toEqual([ada, grace]);
    await contacts.record(ada, { email: anAddress() }, tuesday);
    expect(await contacts.peopleAt(addressHash(address))).toEqual([grace]);
    await contacts.record(ada, { email: address }, monday + 1);
    expect(await contacts.peopleAt(addressHash(address))).toEqual([grace]);
  });

  it('ten events of one new person at the same time lose nothing', async () => {
    const { contacts } = stores();
    const ada = someone();
    const fields = ['email', 'name', 'locale', 'time_zone', 'country'] as const;
    const events = Array.from({ length: 10 }, (_, index) => ({
      contact: { [fields[index % 5]!]: `value-${index}` },
      at: monday + index,
    }));
    await Promise.all(events.map(({ contact, at }) => contacts.record(ada, contact, at)));
    expect(await contacts.find(ada)).toEqual(newestOf(events));
  });
});

describe('contacts in Postgres', () => {
  const stores = implementations[0]![1]();

  it('survive characters that others may write and Postgres cannot store', async () => {
    const ada = someone();
    await stores().contacts.record(ada, { name: 'A\uD800da', plan: 'p\0ro' }, monday);
    expect(await stores().contacts.find(ada)).toEqual({ name: 'A\uFFFDda', plan: 'pro' });
  });
});
