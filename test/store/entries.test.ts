import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { type Decision, type Entries, keptFor, type Place } from '../../store/entries.ts';
import type { Events } from '../../store/events.ts';
import type { Facts } from '../../store/facts.ts';
import { createEntries as entriesInMemory } from '../../store/memory/entries.ts';
import { createEvents as eventsInMemory, type EventTable } from '../../store/memory/events.ts';
import { createFacts as factsInMemory } from '../../store/memory/facts.ts';
import { createEntries } from '../../store/postgres/entries.ts';
import { createEvents } from '../../store/postgres/events.ts';
import { createFacts } from '../../store/postgres/facts.ts';
import { ownDatabase } from '../support/database.ts';

const database = ownDatabase(12);
const day = 86_400_000;
const start = Date.parse('2026-11-24T12:00:00Z');

interface Store {
  entries: Entries;
  events: Events;
  facts: Facts;
}

function inPostgres(): Store {
  const { postgres } = database;
  return { entries: createEntries(postgres), events: createEvents(postgres), facts: createFacts(postgres) };
}

function inMemory(): Store {
  const table: EventTable = new Map();
  const facts = factsInMemory();
  return { entries: entriesInMemory(table, facts), events: eventsInMemory(table), facts };
}

const decisionOf = (user_id: string, more: Partial<Decision> = {}): Decision => ({
  event_type: 'cart.abandoned',
  user_id,
  at: start,
  told: 0,
  journey: 'cart-recovery',
  enters: true,
  ...more,
});

const place = (more: Partial<Place> = {}): Place => ({
  journey: 'cart-recovery',
  per: '',
  rule: 'once',
  everyMs: 0,
  happenedAt: start,
  ...more,
});

describe.each([
  ['Postgres', inPostgres],
  ['memory', inMemory],
])('entries in %s', (_, create) => {
  const ada = () => `ada_${randomUUID()}`;

  /** An event that was recorded, as the ingress does before it decides. */
  async function cart(store: Store, user_id: string): Promise<string> {
    const event_id = randomUUID();
    const payload = { cart_id: 'c_1', total: 25, currency: 'EUR' };
    const event = { event_id, event_type: 'cart.abandoned' as const, user_id, timestamp: start, payload };
    await store.events.record({ event, personal: {}, receivedAt: Date.now() });
    return event_id;
  }

  const factsOf = async ({ facts }: Store, user_id: string) =>
    (await facts.of({ user_id }, { limit: 100 })).map(({ what, details }) => [what, details]);

  describe('a decision', () => {
    it('is made once: a later one does not change it', async () => {
      const store = create();
      const user = ada();
      const id = await cart(store, user);
      expect(await store.entries.find(id)).toBeUndefined();
      expect(await store.entries.settle(id, decisionOf(user))).toEqual(decisionOf(user));
      const other = decisionOf(user, { enters: false, because: 'disabled', why: 'enabled is false' });
      expect(await store.entries.settle(id, other)).toEqual(decisionOf(user));
      expect(await store.entries.claim(id, other, place())).toEqual(decisionOf(user));
      expect(await store.entries.find(id)).toEqual(decisionOf(user));
    });

    it('is one of thirty that are made at once, and all get it', async () => {
      const store = create();
      const user = ada();
      const id = await cart(store, user);
      const said = await Promise.all(
        Array.from({ length: 30 }, (_, told) => store.entries.settle(id, decisionOf(user, { told }))),
      );
      expect(new Set(said.map(({ told }) => told)).size).toBe(1);
      expect(await store.entries.find(id)).toEqual(said[0]);
      expect(await factsOf(store, user)).toHaveLength(1);
    });

    it('of an event that was never recorded is an error', async () => {
      const { entries } = create();
      await expect(entries.settle(randomUUID(), decisionOf('ada'))).rejects.toThrow('never recorded');
      await expect(entries.claim(randomUUID(), decisionOf('ada'), place())).rejects.toThrow('never recorded');
    });

    it('writes the fact that somebody entered, or was kept out and why; an event that starts nothing writes none', async () => {
      const store = create();
      const user = ada();
      await store.entries.claim(await cart(store, user), decisionOf(user), place());
      const out = decisionOf(user, { at: start + 1, enters: false, because: 'rollout', why: 'rollout is 0 %' });
      await store.entries.settle(await cart(store, user), out);
      const { journey: _, enters: __, ...nothing } = decisionOf(user);
      await store.entries.settle(await cart(store, user), nothing);
      expect(await factsOf(store, user)).toEqual([
        ['entered', undefined],
        ['kept_out', { because: 'rollout', why: 'rollout is 0 %' }],
      ]);
    });
  });

  describe('a place that may be had once', () => {
    it('is had by one of fifty events at once, and the others hear of that one', async () => {
      const store = create();
      const user = ada();
      const ids = await Promise.all(Array.from({ length: 50 }, () => cart(store, user)));
      const said = await Promise.all(ids.map((id) => store.entries.claim(id, decisionOf(user), place())));
      const winners = ids.filter((_, index) => !('holder' in said[index]!));
      expect(winners).toHaveLength(1);
      const holders = said.flatMap((each) => ('holder' in each ? [each.holder.id] : []));
      expect(holders).toEqual(Array.from({ length: 49 }, () => winners[0]));
      expect(await factsOf(store, user)).toEqual([['entered', undefined]]);
    });

    it('nothing is decided about an event that did not get it', async () => {
      const store = create();
      const user = ada();
      await store.entries.claim(await cart(store, user), decisionOf(user), place());
      const second = await cart(store, user);
      expect(await store.entries.claim(second, decisionOf(user), place())).toHaveProperty('holder');
      expect(await store.entries.find(second)).toBeUndefined();
    });

    it('is had again by the event that has it', async () => {
      const store = create();
      const user = ada();
      const id = await cart(store, user);
      await store.entries.claim(id, decisionOf(user), place());
      expect(await store.entries.claim(id, decisionOf(user, { told: 7 }), place())).toEqual(decisionOf(user));
    });

    it('is another place for another person, journey, or value', async () => {
      const store = create();
      const user = ada();
      await store.entries.claim(await cart(store, user), decisionOf(user), place({ per: '"c_1"' }));
      const [grace, no] = [ada(), { holder: expect.anything() }];
      const claim = async (whose: string, where: Partial<Place>) =>
        store.entries.claim(await cart(store, whose), decisionOf(whose), place(where));
      expect(await claim(user, { per: '"c_1"' })).toEqual(no);
      expect(await claim(user, { per: '"c_2"' })).toEqual(decisionOf(user));
      expect(await claim(user, { per: '"c_1"', journey: 'win-back' })).toEqual(decisionOf(user));
      expect(await claim(grace, { per: '"c_1"' })).toEqual(decisionOf(grace));
    });
  });

  describe('a place that may be had once in thirty days', () => {
    const enters = async (store: Store, user: string, days: number) => {
      const happenedAt = start + days * day;
      const where = place({ everyMs: 30 * day, happenedAt });
      return !('holder' in (await store.entries.claim(await cart(store, user), decisionOf(user), where)));
    };

    it('is free again by the times of the events, whatever their order', async () => {
      const store = create();
      const user = ada();
      expect(await enters(store, user, 40)).toBe(true);
      expect(await enters(store, user, 69.99)).toBe(false);
      expect(await enters(store, user, 70)).toBe(true);
      expect(await enters(store, user, 10)).toBe(true);
      expect(await enters(store, user, 35)).toBe(false);
      expect(await enters(store, user, 55)).toBe(false);
    });

    it('remembers the last twenty entries', async () => {
      const store = create();
      const user = ada();
      for (let index = 1; index <= 22; index += 1) await enters(store, user, index * 30);
      expect(await enters(store, user, 90)).toBe(false);
      expect(await enters(store, user, 30)).toBe(true);
    });
  });

  describe('a place that one run at a time may have', () => {
    const running = place({ rule: 'one_running' });

    it('is taken from a run that is gone, by one of many', async () => {
      const store = create();
      const user = ada();
      const gone = await cart(store, user);
      await store.entries.claim(gone, decisionOf(user), running);
      const next = await Promise.all(Array.from({ length: 20 }, () => cart(store, user)));
      const said = await Promise.all(next.map((id) => store.entries.claim(id, decisionOf(user), running, gone)));
      expect(said.filter((each) => !('holder' in each))).toHaveLength(1);
    });

    it('is held by the last who entered, also under another setting', async () => {
      const store = create();
      const user = ada();
      const last = await cart(store, user);
      const every = (happenedAt: number) => place({ everyMs: day, happenedAt });
      await store.entries.claim(await cart(store, user), decisionOf(user), every(start));
      await store.entries.claim(last, decisionOf(user), every(start + 2 * day));
      const said = await store.entries.claim(await cart(store, user), decisionOf(user), running);
      expect(said).toEqual({ holder: expect.objectContaining({ id: last, at: expect.any(Number) }) });
    });
  });
});

describe('how long an entry is kept', () => {
  it.each([
    ['once: as long as the person', { per: '', everyMs: 0 }, undefined],
    ['once for each cart: more than a year', { per: '"c_1"', everyMs: 0 }, 400 * day],
    ['once in a month', { per: '', everyMs: 30 * day }, 400 * day],
    ['once in a year, with the time that an event may be late', { per: '', everyMs: 390 * day }, 420 * day],
    ['once in longer than a year: as long as the person', { per: '', everyMs: 500 * day }, undefined],
    ['the longest for each cart: as long as there are months for it', { per: '"c_1"', everyMs: 400 * day }, 430 * day],
  ])('%s', (_, settings, keptMs) => {
    expect(keptFor(settings)).toBe(keptMs);
  });

  it.each([
    ['entry_never', '', 0],
    [`entry_${monthIn(400)}`, '"c_1"', 0],
    [`entry_${monthIn(430)}`, '"c_1"', 400 * day],
  ])('its row is in %s', async (table, per, everyMs) => {
    const { entries, events } = inPostgres();
    const user_id = randomUUID();
    const payload = { cart_id: 'c_1', total: 25, currency: 'EUR' };
    const event = { event_id: randomUUID(), event_type: 'cart.abandoned' as const, user_id, timestamp: start, payload };
    await events.record({ event, personal: {}, receivedAt: Date.now() });
    await entries.claim(event.event_id, decisionOf(user_id), place({ per, everyMs }));
    const where = {
      name: 'test-entry-table',
      text: 'SELECT tableoid::regclass::text AS name FROM entry WHERE user_id = $1',
    };
    expect(await database.postgres.query(where, [user_id])).toEqual([{ name: table }]);
  });

  it('of one person in one place there are never more than twenty, and one where one run counts', async () => {
    const { entries, events } = inPostgres();
    const user_id = randomUUID();
    const count = { name: 'test-entry-count', text: 'SELECT count(*)::int AS rows FROM entry WHERE user_id = $1' };
    const enter = async (where: Partial<Place>, gone?: string) => {
      const payload = { cart_id: 'c_1', total: 25, currency: 'EUR' };
      const event = {
        event_id: randomUUID(),
        event_type: 'cart.abandoned' as const,
        user_id,
        timestamp: start,
        payload,
      };
      await events.record({ event, personal: {}, receivedAt: Date.now() });
      expect(await entries.claim(event.event_id, decisionOf(user_id), place(where), gone)).not.toHaveProperty('holder');
      return event.event_id;
    };
    for (let index = 1; index < 25; index += 1) await enter({ everyMs: day, happenedAt: start + index * day });
    const last = await enter({ everyMs: day, happenedAt: start + 25 * day });
    expect(await database.postgres.query(count, [user_id])).toEqual([{ rows: 20 }]);
    await enter({ rule: 'one_running' }, last);
    expect(await database.postgres.query(count, [user_id])).toEqual([{ rows: 1 }]);
  });
});

function monthIn(days: number): string {
  return new Date(Date.now() + days * day).toISOString().slice(0, 7).replace('-', '_');
}
