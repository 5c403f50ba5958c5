import { randomUUID } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import type { Engaged, Engagement } from '../../store/engagement.ts';
import type { Fact, Facts } from '../../store/facts.ts';
import { createEngagement as inMemory } from '../../store/memory/engagement.ts';
import { createFacts as factsInMemory } from '../../store/memory/facts.ts';
import { createEngagement } from '../../store/postgres/engagement.ts';
import { createFacts } from '../../store/postgres/facts.ts';
import { ownDatabase } from '../support/database.ts';

const database = ownDatabase();
const monday = Date.parse('2026-11-02T09:00:00Z');
const engaged = (more: Partial<Engaged> = {}): Engaged => ({
  id: randomUUID(),
  type: 'open',
  by: 'machine',
  at: monday,
  ...more,
});

describe.each([
  ['Postgres', () => ({ engagement: createEngagement(database.postgres), facts: createFacts(database.postgres) })],
  [
    'memory',
    () => {
      const facts = factsInMemory();
      return { engagement: inMemory(facts), facts };
    },
  ],
])('opens and clicks in %s', (_, create: () => { engagement: Engagement; facts: Facts }) => {
  let engagement: Engagement;
  let facts: Facts;
  let tag: string;
  beforeEach(() => {
    ({ engagement, facts } = create());
    tag = randomUUID();
  });

  it('are counted by kind, each event once, with the time of the first', async () => {
    const click = engaged({ type: 'click', by: 'human', at: monday + 5 });
    expect(await engagement.record(tag, click)).toBe(true);
    expect(await engagement.record(tag, click)).toBe(false);
    expect(await engagement.record(tag, engaged({ type: 'click', by: 'human' }))).toBe(true);
    await engagement.record(tag, engaged());
    expect(await engagement.of(tag)).toEqual({
      'click:human': 2,
      'click:human:first': monday,
      'open:machine': 1,
      'open:machine:first': monday,
    });
    expect(await engagement.of(randomUUID())).toEqual({});
  });

  it('a click counts as one of a person only if no machine made it', async () => {
    await engagement.record(tag, engaged({ type: 'click', by: 'machine' }));
    await engagement.record(tag, engaged({ type: 'open', by: 'human' }));
    expect(await engagement.clicked(tag)).toBe(false);
    await engagement.record(tag, engaged({ type: 'click', by: 'human' }));
    expect(await engagement.clicked(tag)).toBe(true);
    expect(await engagement.clicked(randomUUID())).toBe(false);
  });

  it('of one email are kept up to five hundred, and the first of each kind after that', async () => {
    for (let index = 0; index < 500; index += 1) await engagement.record(tag, engaged());
    expect(await engagement.record(tag, engaged())).toBe(false);
    expect(await engagement.record(tag, engaged({ type: 'click', by: 'human' }))).toBe(true);
    expect(await engagement.record(tag, engaged({ type: 'click', by: 'human' }))).toBe(false);
    expect(await engagement.of(tag)).toMatchObject({ 'open:machine': 500, 'click:human': 1 });
  });

  it('their facts are recorded with them, and not again', async () => {
    const user_id = randomUUID();
    const fact = (id: string): Fact => ({ id: `${tag}/${id}`, at: monday, what: 'opened', user_id, tag });
    const open = engaged();
    await engagement.record(tag, open, [fact('first')]);
    await engagement.record(tag, open, [fact('second')]);
    expect(await facts.of({ user_id }, { limit: 10 })).toEqual([fact('first')]);
  });
});

it('an open that comes again in another month counts once', async () => {
  const engagement = createEngagement(database.postgres);
  const tag = randomUUID();
  const open = engaged();
  await engagement.record(tag, open);
  const inLastMonth = {
    name: 'test-move-engagement',
    text: `UPDATE engagement SET month = (month - interval '1 month')::date WHERE tag = $1`,
  };
  await database.postgres.query(inLastMonth, [tag]);
  expect(await engagement.record(tag, open)).toBe(false);
});
