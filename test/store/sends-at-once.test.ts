import { beforeAll, describe, expect, it } from 'vitest';

import type { Queries } from '../../store/postgres/connect.ts';
import type { Statement } from '../../store/postgres/statement.ts';
import { createSends } from '../../store/postgres/sends.ts';
import type { EmailIdentity, Sends } from '../../store/sends.ts';
import { ownDatabase } from '../support/database.ts';
import { createEffects, type CurrentState, type Effects, placeRows, queriesOn } from '../support/schedules/effects.ts';
import { names, type Rows, rowsAfter, rowsBefore, template } from '../support/schedules/rows.ts';

/**
 * send-schedules.test.ts runs one statement after another. Here two run at once, one of them in a transaction that commits while
 * the other is under way: together they do and return what they would one after the other, in either order.
 */
const database = ownDatabase();
let effects: Effects;
beforeAll(() => {
  effects = createEffects(database.postgres);
});

const email: EmailIdentity = {
  tag: names.tag,
  messageKey: `${names.eventId}/${template}`,
  eventId: names.eventId,
  user: names.user,
  journey: names.journey,
  template,
  templateVersion: 'v1',
  topic: 'offers',
  class: 'marketing',
  askedAt: Date.now(),
  stops: [],
};
const seen = { person: 1, addressHashes: [names.addressHash] as [string], address: 0 };

type Write = (sends: Sends) => Promise<unknown>;
const writes: Record<string, Write> = {
  'a claim': (sends) => sends.claim(email, { id: 'b', seen, stops: [] }),
  'another claim': (sends) => sends.claim(email, { id: 'c', seen, stops: [] }),
  'a claim over it': (sends) =>
    sends.claim(email, { id: 'd', over: 'earlier', seen, stops: [], possibleDuplicate: true }),
  'another claim over it': (sends) => sends.claim(email, { id: 'e', over: 'earlier', seen, stops: [] }),
  'an answer': (sends) => sends.accept(email.tag, 'ses-1'),
  'a report of another call': (sends) => sends.confirm(email.tag, 'ses-2'),
  'giving it back': (sends) => sends.release(email.tag, 'earlier'),
  'a refusal': (sends) => sends.conclude(email.tag, 'earlier', 'refused', 'the provider refused it'),
  'giving it up': (sends) => sends.conclude(email.tag, 'earlier', 'unknown', 'no one knows'),
  'a doubt': (sends) => sends.doubt(email, 'earlier', 'no answer').then(({ decision }) => ({ decision })),
  'a decision': (sends) => sends.decide(email.tag, 'send'),
};

const claimed = rowsAfter('claimed', { hoursAgo: 5 });
const [record] = claimed.send;
const rowsOf: Record<string, Rows> = {
  'nothing is known of': rowsBefore(),
  'is claimed': claimed,
  'is in doubt': rowsAfter('claimed', { hoursAgo: 5, inDoubtFor: 3 }),
  'was given back': rowsAfter('released', { hoursAgo: 5 }),
  'was accepted': { ...claimed, send: [{ ...record!, state: 'accepted', provider_id: 'ses-1' }] },
};

/** What is left, and what each returned: ages apart. */
type Outcome = { rows: string; returned: unknown[] };

async function inTurn(rows: Rows, ...turns: [Write, Write]): Promise<Outcome> {
  const state: CurrentState = { current: effects.stateOf(rows), observed: '' };
  const sends = createSends(queriesOn(effects, state));
  const returned = [await turns[0](sends), await turns[1](sends)];
  return { rows: state.current.text, returned: withoutTimes(returned) };
}

async function atOnce(
  rows: Rows,
  first: Write,
  second: Write,
  change = (queries: Queries) => queries,
): Promise<Outcome> {
  const placed = await placeRows(database.postgres, JSON.stringify(rows));
  let under!: Promise<unknown>;
  const one = await database.postgres.transaction(async (queries) => {
    const returned = await first(createSends(change(placed.over(queries))));
    under = second(createSends(change(placed.over(database.postgres))));
    await Promise.race([under, itWaitsForALock()]);
    return returned;
  });
  const returned = [one, await under];
  return { rows: await placed.read(), returned: withoutTimes(returned) };
}

const locks: Statement = {
  name: 'locks',
  text: `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
};
async function itWaitsForALock(): Promise<void> {
  while ((await database.postgres.query(locks)).length === 0);
}

const withoutTimes = (returned: unknown[]) =>
  JSON.parse(
    JSON.stringify(returned, (key, value: unknown) => (key === 'dispatchedAt' ? 'some time' : value)),
  ) as unknown[];

describe.each(Object.entries(rowsOf))('of an email that %s', (_, rows) => {
  it.each(Object.entries(writes))('%s and any other step at once are like one after the other', async (_, first) => {
    for (const [name, second] of Object.entries(writes)) {
      const outcome = await atOnce(rows, first, second);
      const [here, there] = [await inTurn(rows, first, second), await inTurn(rows, second, first)];
      const orders = [here, { ...there, returned: there.returned.toReversed() }];
      expect(orders, name).toContainEqual(outcome);
    }
  });
});

it('is found where a statement does not look at the record again after it has waited', async () => {
  const unaware = (queries: Queries): Queries => ({
    query: (statement, values) =>
      statement.name === 'sends-release'
        ? queries.query({ name: 'sends-release unaware', text: unawareRelease(statement.text) }, values)
        : queries.query(statement, values),
  });
  const { rows } = await atOnce(claimed, writes['an answer']!, writes['giving it back']!, unaware);
  expect(JSON.parse(rows)).toMatchObject({ send: [{ state: 'released', provider_id: 'ses-1' }] });
});

/** Decides by what it has seen before it waited for the record. */
const unawareRelease = (text: string) =>
  text.replace(
    "WHERE tag = $1 AND state = 'claimed' AND claim = $2",
    "WHERE tag = $1 AND tag = (SELECT tag FROM send WHERE tag = $1 AND state = 'claimed' AND claim = $2)",
  );
