import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { ConsentState } from '../../store/consents.ts';
import { anAddress, day, implementations, monday, someone } from '../support/people-stores.ts';

describe.each(implementations)('consent that was confirmed, in %s', (_, start) => {
  const stores = start();

  /** Somebody with an address, and what they say about offers at a time of their own. */
  async function somebody(email: string | undefined = anAddress()) {
    const { contacts, consents } = stores();
    const user = someone();
    let at = monday;
    const moves = (to: string) => contacts.record(user, { email: to }, (at += 1_000));
    if (email !== '') await moves(email);
    const says = (state: ConsentState, { confirmed = false, topics = ['offers'] } = {}) => {
      at += 1_000;
      return consents.record(user, {
        id: randomUUID(),
        state,
        consent: { topics, ...(confirmed && { confirmed_at: at }) },
        at,
      });
    };
    const state = () => consents.stateOf(user, 'offers');
    return { user, email, moves, says, state, now: () => consents.now(user) };
  }

  it('counts at its address, and at another has yet to be confirmed', async () => {
    const { moves, says, state, now, email } = await somebody();
    await says('pending');
    await says('granted', { confirmed: true });
    expect(await state()).toBe('granted');
    await moves(anAddress());
    expect(await state()).toBe('pending');
    expect((await now())['offers']?.state).toBe('pending');
    await moves(email);
    expect(await state()).toBe('granted');
  });

  it('is confirmed anew at the new address', async () => {
    const { moves, says, state } = await somebody();
    await says('granted', { confirmed: true });
    await moves(anAddress());
    await says('pending');
    expect(await state()).toBe('pending');
    await says('granted', { confirmed: true });
    expect(await state()).toBe('granted');
  });

  it('without a confirmation counts for the person, whatever their address', async () => {
    const { moves, says, state } = await somebody();
    await says('granted');
    await moves(anAddress());
    expect(await state()).toBe('granted');
  });

  it('recorded before the address is known counts at the first one', async () => {
    const { moves, says, state } = await somebody('');
    await says('granted', { confirmed: true });
    await moves(anAddress());
    expect(await state()).toBe('granted');
  });

  it('confirmed at another address is not brought back by a block that rides on another event', async () => {
    const { user, moves, says, state } = await somebody();
    await says('granted', { confirmed: true });
    await moves(anAddress());
    const { consents } = stores();
    const copied = { state: 'granted', consent: { topics: ['offers'] }, at: monday + day, incidental: true } as const;
    await consents.record(user, { id: 'copied', ...copied, consent: { topics: ['offers'] } });
    expect(await state()).toBe('pending');
  });

  it('at another address brings nothing back after an opt-out', async () => {
    const { moves, says, state } = await somebody();
    await says('granted', { confirmed: true });
    await moves(anAddress());
    await says('revoked', { topics: ['*'] });
    expect(await state()).toBe('revoked');
    await says('pending');
    expect(await state()).toBe('pending');
  });
});

describe.each(implementations)('opt-outs at an address, in %s', (_, start) => {
  const stores = start();

  it('are the newest in force of each topic, of everybody else who has it or opted out there', async () => {
    const { contacts, consents, addressHash } = stores();
    const email = anAddress();
    const people = [someone(), someone(), someone()] as const;
    const [ada, grace, joan] = people;
    for (const user of people) await contacts.record(user, { email }, monday);
    const says = (user: string, state: ConsentState, topics: string[], at: number) =>
      consents.record(user, { id: `${user}-${at}`, state, consent: { topics }, at });
    await says(grace, 'revoked', ['offers', 'news'], monday + 1);
    await says(joan, 'revoked', ['offers', '*'], monday + 2);
    await says(grace, 'granted', ['news'], monday + 3);
    const found = async (user: string) => {
      const optOuts = await consents.optedOutAt([addressHash(email)], user);
      return optOuts.map(({ topic, captured_at }) => `${topic} ${captured_at - monday}`).toSorted();
    };
    expect(await found(ada)).toEqual(['* 2', 'offers 2']);
    expect(await found(joan)).toEqual(['offers 1']);
    await contacts.record(joan, { email: anAddress() }, monday + 5);
    expect(await found(ada)).toEqual(['* 2', 'offers 2']);
    await says(joan, 'granted', ['offers'], monday + 6);
    expect(await found(ada)).toEqual(['* 2', 'offers 1']);
    expect(await consents.optedOutAt([addressHash(anAddress())], ada)).toEqual([]);
  });
});

describe.each(implementations)('requests for confirmation, in %s', (_, start) => {
  const stores = start();

  async function at(email: string) {
    const { contacts, consents } = stores();
    const user = someone();
    await contacts.record(user, { email }, monday);
    return {
      user,
      asks: (id: string, ...topics: string[]) => consents.mayAsk(user, id, topics),
      says: (state: ConsentState) =>
        consents.record(user, { id: randomUUID(), state, consent: { topics: ['offers'] }, at: Date.now() - day }),
    };
  }

  it('are one a day for an address and a topic, whoever asks, and the same again', async () => {
    const email = anAddress();
    const [ada, other] = [await at(email), await at(email.toUpperCase())];
    expect(await ada.asks('first', 'offers')).toBe(true);
    expect(await ada.asks('first', 'offers')).toBe(true);
    expect(await ada.asks('second', 'offers')).toBe(false);
    expect(await other.asks('third', 'offers')).toBe(false);
    expect(await (await at(anAddress())).asks('fourth', 'offers')).toBe(true);
  });

  it('are about topics: one that nobody asked about yet is worth an email', async () => {
    const { asks } = await at(anAddress());
    expect(await asks('first', 'offers')).toBe(true);
    expect(await asks('second', 'offers', 'news')).toBe(true);
    expect(await asks('third', 'news')).toBe(false);
  });

  it('may be made again once the one before was answered', async () => {
    for (const answer of ['granted', 'revoked'] as const) {
      const { asks, says } = await at(anAddress());
      expect(await asks('first', 'offers')).toBe(true);
      await says('pending');
      expect(await asks('second', 'offers')).toBe(false);
      await says(answer);
      expect(await asks('second', 'offers')).toBe(true);
      expect(await asks('third', 'offers')).toBe(false);
    }
  });

  it('of somebody without an address may be made: there is nowhere to send it yet', async () => {
    const { consents } = stores();
    const nobody = someone();
    expect(await consents.mayAsk(nobody, 'first', ['offers'])).toBe(true);
    expect(await consents.mayAsk(nobody, 'second', ['offers'])).toBe(true);
  });

  it('made at once by many events are one', async () => {
    const email = anAddress();
    const people = await Promise.all(Array.from({ length: 20 }, () => at(email)));
    const asked = await Promise.all(people.map(({ asks }, index) => asks(`event-${index}`, 'offers', 'news')));
    expect(asked.filter(Boolean)).toHaveLength(1);
  });
});
