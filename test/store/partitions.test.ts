import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';

import { maintainRecord } from '../../store/postgres/maintenance.ts';
import { keepPartitions, monthlyTables, type Retention } from '../../store/postgres/partitions.ts';
import { createDatabase, dropDatabase } from '../support/database.ts';

const day = 86_400_000;
const retention: Retention = { sendsMs: 60 * day, eventsMs: 30 * day };

let url: string;
let client: pg.Client;
const connect = async () => {
  client = new pg.Client({ connectionString: url });
  await client.connect();
};
beforeEach(async () => {
  url = await createDatabase(inject('servers').postgres);
  await connect();
  // As in a new database: no month at all.
  for (const { name } of monthlyTables(retention))
    for (const partition of await monthsOf(name)) await client.query(`DROP TABLE ${partition}`);
});
afterEach(async () => {
  await client.end();
  await dropDatabase(url);
});

async function partitionsOf(table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1',
    [table],
  );
  return rows.map(({ name }) => name);
}

const monthsOf = async (table: string) => (await partitionsOf(table)).filter((name) => /\d{4}_\d\d$/.test(name));
const at = (text: string) => Date.parse(text);
const keepAt = (time: string) => keepPartitions(client, retention, at(time));

describe('the months of a table', () => {
  it('are last month, this one, and the next two, over the turn of the year too', async () => {
    await keepAt('2026-12-15T12:00:00Z');
    expect(await monthsOf('send')).toEqual(['send_2026_11', 'send_2026_12', 'send_2027_01', 'send_2027_02']);
    await keepAt('2027-01-01T00:00:00Z');
    expect((await monthsOf('send')).at(-1)).toBe('send_2027_03');
  });

  it('of entries reach as far ahead as an entry may last', async () => {
    await keepAt('2026-12-15T12:00:00Z');
    const months = await monthsOf('entry');
    expect([months[0], months.at(-1)]).toEqual(['entry_2026_12', 'entry_2028_04']);
    const end = at('2028-05-01T00:00:00Z');
    expect(end - at('2026-12-31T23:59:59Z')).toBeGreaterThan(430 * day);
  });

  it('are dropped when their retention is over, and not a moment before', async () => {
    await keepAt('2026-10-15T12:00:00Z');
    const first = ['send_2026_09', 'send_2026_10'];
    await keepAt('2026-11-29T23:59:59Z');
    expect((await monthsOf('send')).slice(0, 2)).toEqual(first);
    await keepAt('2026-11-30T00:00:00Z'); // 60 days after September
    expect((await monthsOf('send')).slice(0, 1)).toEqual(['send_2026_10']);
  });

  it('of entries are dropped with their end, and entries that never end stay', async () => {
    await keepAt('2026-10-15T12:00:00Z');
    await keepAt('2026-10-31T23:59:59Z');
    expect((await monthsOf('entry'))[0]).toBe('entry_2026_10');
    await keepAt('2026-11-01T00:00:00Z');
    expect((await monthsOf('entry'))[0]).toBe('entry_2026_11');
    await keepAt('2040-01-01T00:00:00Z');
    expect(await partitionsOf('entry')).toContain('entry_never');
  });

  it('are as they were when it is done twice, and by ten processes at once', async () => {
    await Promise.all(Array.from({ length: 10 }, () => maintainRecord({ url }, retention)));
    const all = async () => {
      const found: string[] = [];
      for (const { name } of monthlyTables(retention)) found.push(...(await monthsOf(name)));
      return found;
    };
    const before = await all();
    await maintainRecord({ url }, retention);
    expect(await all()).toEqual(before);
    expect(before.length).toBeGreaterThan(6 * 3);
  });
});

describe('in a session of another time zone', () => {
  beforeEach(async () => {
    await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET timezone = 'Pacific/Kiritimati'`);
    await client.end();
    await connect();
  });

  it('months begin and end in UTC', async () => {
    await keepAt('2026-12-15T12:00:00Z');
    const where = async (table: string, columns: string, values: unknown[]) => {
      const places = values.map((_, index) => `$${index + 1}`).join(', ');
      const { rows } = await client.query<{ name: string }>(
        `INSERT INTO ${table} (${columns}) VALUES (${places}) RETURNING tableoid::regclass::text AS name`,
        values,
      );
      return rows[0]?.name;
    };
    const minute = (text: string) => where('feed_minute', 'dispatched, reported, slowest_ms', [text, 1, 1]);
    expect(await minute('2026-12-31T23:59:00Z')).toBe('feed_minute_2026_12');
    expect(await minute('2027-01-01T00:00:00Z')).toBe('feed_minute_2027_01');
    expect(await where('dead_letter', 'id, month', ['a', '2026-12-01'])).toBe('dead_letter_2026_12');
    expect(await where('dead_letter', 'id, month', ['b', '2027-01-01'])).toBe('dead_letter_2027_01');
  });
});

it('waits two seconds for a busy table, then gives up and locks nothing', async () => {
  const busy = new pg.Client({ connectionString: url });
  await busy.connect();
  await busy.query('BEGIN');
  await busy.query('SELECT count(*) FROM send');
  await expect(keepAt('2026-12-15T12:00:00Z')).rejects.toThrow('lock timeout');
  await busy.query('COMMIT');
  await busy.end();
  await keepAt('2026-12-15T12:00:00Z');
  expect(await monthsOf('send')).toHaveLength(4);
});
