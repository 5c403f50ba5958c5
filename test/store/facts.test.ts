import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { Fact, Facts } from '../../store/facts.ts';
import { createFacts as inMemory } from '../../store/memory/facts.ts';
import { createFacts, recordFacts } from '../../store/postgres/facts.ts';
import { ownDatabase } from '../support/database.ts';

const database = ownDatabase();
const monday = Date.parse('2026-11-02T09:00:00.123Z');

const fact = (at: number, more: Partial<Fact> = {}): Fact => ({ id: randomUUID(), at, what: 'opted_out', ...more });

describe.each([
  ['Postgres', () => createFacts(database.postgres)],
  ['memory', inMemory],
])('facts in %s', (_, create: () => Facts) => {
  it('come back as they were recorded, by person and by address', async () => {
    const facts = create();
    const [user_id, address_hash] = [randomUUID(), randomUUID()];
    const whole: Fact = {
      id: randomUUID(),
      at: monday,
      what: 'sent',
      user_id,
      address_hash,
      event_id: 'e_1',
      tag: 'tag',
      journey: 'onboarding',
      template: 'welcome',
      template_version: 'v1',
      topic: 'offers',
      details: { repeats: 1, personal: { answer: 'x' } },
    };
    await facts.record([whole]);
    expect(await facts.of({ user_id }, { limit: 10 })).toEqual([whole]);
    expect(await facts.of({ address_hash }, { limit: 10 })).toEqual([whole]);
    expect(await facts.of({ user_id: randomUUID() }, { limit: 10 })).toEqual([]);
    expect(await facts.of({ address_hash: randomUUID() }, { limit: 10 })).toEqual([]);
  });

  it('the same fact twice is one, and stays what it was', async () => {
    const facts = create();
    const user_id = randomUUID();
    const once = fact(monday, { user_id });
    await facts.record([once, fact(monday + 1, { user_id })]);
    await facts.record([{ ...once, what: 'sent', at: monday + 5 }]);
    expect(await facts.of({ user_id }, { limit: 10 })).toHaveLength(2);
    expect((await facts.of({ user_id }, { limit: 10 }))[0]).toEqual(once);
  });

  it('are read oldest first, page by page, also those of one instant', async () => {
    const facts = create();
    const address_hash = randomUUID();
    const all = Array.from({ length: 25 }, (_, index) =>
      fact(monday + Math.floor(index / 10), { address_hash, id: `${address_hash}/${String(index).padStart(2, '0')}` }),
    );
    await facts.record(all.toReversed());
    const read: Fact[] = [];
    for (let full = true; full;) {
      const page = await facts.of({ address_hash }, { limit: 7, ...(read.length > 0 && { after: read.at(-1)! }) });
      read.push(...page);
      full = page.length === 7;
    }
    expect(read).toEqual(all);
    expect(await facts.lastOf({ address_hash }, 3)).toEqual(all.slice(-3));
  });

  it('recording none is fine', async () => {
    await create().record([]);
  });
});

it('a fact is gone with the transaction that was rolled back', async () => {
  const user_id = randomUUID();
  const undone = database.postgres.transaction(async (queries) => {
    await recordFacts(queries, [fact(monday, { user_id })]);
    throw new Error('the state change failed');
  });
  await expect(undone).rejects.toThrow('the state change failed');
  expect(await createFacts(database.postgres).of({ user_id }, { limit: 1 })).toEqual([]);
});

it('the same fact in another month is still one', async () => {
  const user_id = randomUUID();
  const once = fact(monday, { user_id });
  await createFacts(database.postgres).record([once]);
  const inLastMonth = {
    name: 'test-move-fact',
    text: `UPDATE fact SET month = (month - interval '1 month')::date WHERE id = $1`,
  };
  await database.postgres.query(inLastMonth, [once.id]);
  await createFacts(database.postgres).record([once]);
  expect(await createFacts(database.postgres).of({ user_id }, { limit: 10 })).toEqual([once]);
});
