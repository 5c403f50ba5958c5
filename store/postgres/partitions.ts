import type pg from 'pg';

import { migrationLock } from './migration-lock.ts';

/** A table of which each month is a partition, how long a month is kept after it is over, and how many are created ahead. */
interface MonthlyTable {
  name: string;
  keepMs: number;
  monthsAhead: number;
}

/** How long what is kept, in ms. */
export interface Retention {
  /** The ledger: longer than anything can be replayed. */
  sendsMs: number;
  /** Events and what was decided about them. */
  eventsMs: number;
}

const dayMs = 86_400_000;
/** A year and a month: reports compare with the same month of the year before. */
const yearMs = 400 * dayMs;
/** Longer than an event or a dead letter stays in its stream. */
const streamMs = 31 * dayMs;

/** How long DDL waits for a lock, in ms: everything that comes after it in line waits too. It is tried again an hour later. */
const lockMs = 2_000;

/** Every partitioned table. `entry` says by itself when its rows end: at most 430 days from now, or never (entry_never). */
export function monthlyTables({ sendsMs, eventsMs }: Retention): MonthlyTable[] {
  return [
    { name: 'send', keepMs: sendsMs, monthsAhead: 2 },
    // At least as long as it takes that one arrives late: see events-record.sql.
    { name: 'event', keepMs: Math.max(eventsMs, streamMs), monthsAhead: 2 },
    { name: 'fact', keepMs: yearMs, monthsAhead: 2 },
    { name: 'engagement', keepMs: yearMs, monthsAhead: 2 },
    { name: 'feed_minute', keepMs: streamMs, monthsAhead: 2 },
    { name: 'dead_letter', keepMs: streamMs, monthsAhead: 2 },
    { name: 'entry', keepMs: 0, monthsAhead: 16 },
  ];
}

/**
 * Creates the partitions from last month on, where that is still kept, and drops those that are over, as of `now` (Unix ms; by default the time of the
 * server). Any number of processes may call it. A month is dropped as a whole: nothing is deleted row by row.
 */
export async function keepPartitions(client: pg.ClientBase, retention: Retention, now?: number): Promise<void> {
  const at = new Date(now ?? (await serverTime(client)));
  for (const table of monthlyTables(retention)) {
    const isOver = (month: string) => Date.parse(monthAfter(month)) + table.keepMs <= at.getTime();
    const existing = await partitionsOf(client, table.name);
    for (const month of monthsAround(at, table.monthsAhead)) {
      const name = partitionName(table.name, month);
      if (existing.has(name) || isOver(month)) continue;
      // IF NOT EXISTS: another process may have created it since.
      await locked(
        client,
        `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table.name} FOR VALUES FROM ('${month} 00:00+00') TO ('${monthAfter(month)} 00:00+00')`,
      );
    }
    for (const name of existing) {
      const month = monthOf(name);
      if (month !== undefined && isOver(month)) await locked(client, `DROP TABLE IF EXISTS ${name}`);
    }
  }
}

/**
 * One statement a transaction, so that no two tables are locked at a time: a send, which touches several, could otherwise
 * meet it in a deadlock.
 */
async function locked(client: pg.ClientBase, ddl: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    await client.query(`SET LOCAL lock_timeout = ${lockMs}`);
    await client.query(ddl);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function serverTime(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return rows[0]!.now.getTime();
}

/** Partitions of this month and the next that do not exist: a row that belongs into one is refused. Counted from `now`, Unix ms. */
export function missingPartitions(existing: readonly string[], now: number): string[] {
  const [, thisMonth = '', next = ''] = monthsAround(new Date(now), 1);
  return monthlyTables({ sendsMs: 0, eventsMs: 0 })
    .flatMap(({ name }) => [partitionName(name, thisMonth), partitionName(name, next)])
    .filter((name) => !existing.includes(name));
}

function partitionName(table: string, month: string): string {
  return `${table}_${month.slice(0, 7).replace('-', '_')}`;
}

async function partitionsOf(client: pg.ClientBase, table: string): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass',
    [table],
  );
  return new Set(rows.map(({ name }) => name));
}

/** Last month, this one and those to come, each by its first day. */
function monthsAround(now: Date, ahead: number): string[] {
  return Array.from({ length: ahead + 2 }, (_, index) => firstDay(now.getUTCFullYear(), now.getUTCMonth() - 1 + index));
}

/** `send_2026_11` is the month of 2026-11-01; any other name, such as `entry_never`, is that of no month. */
function monthOf(partition: string): string | undefined {
  const [, year, month] = /_(\d{4})_(\d\d)$/.exec(partition) ?? [];
  return year === undefined || month === undefined ? undefined : `${year}-${month}-01`;
}

function monthAfter(month: string): string {
  const date = new Date(month);
  return firstDay(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

function firstDay(year: number, month: number): string {
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
}
