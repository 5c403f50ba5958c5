import { setTimeout as sleep } from 'node:timers/promises';

import type { EventType } from '../events/index.ts';
import type { Client } from './connect.ts';
import { InvalidEventError } from './errors.ts';
import type { EventToPublish } from './event-to-publish.ts';

/** The part of a `Pool` of `pg` that is used. */
export interface OutboxPool {
  connect(): Promise<OutboxConnection>;
}

interface OutboxConnection {
  query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  release(broken?: boolean): void;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  off?(event: 'error', listener: (error: Error) => void): unknown;
}

export interface OutboxOptions {
  pool: OutboxPool;
  client: Client;
  /** How many users' events are published at a time. Default: 100. */
  batch?: number;
  signal?: AbortSignal;
}

export interface RelayOptions extends OutboxOptions {
  /** The wait before an empty table is read again, in ms. Default: 1 second. */
  everyMs?: number;
  /** A server is unavailable; the relay tries again. */
  onError?: (error: Error) => void;
}

/** After an error the relay waits for longer each time, up to this. */
const longestWaitMs = 30_000;

// Here and not in .sql files: producers bundle the client, and no bundler finds a file that is read at run time.
const columns = 'event, (extract(epoch FROM created_at) * 1000)::bigint AS created';

// Whoever holds the oldest row of a user has all rows of that user: another relay sees that row until the transaction ends, and takes
// none that comes after it. So any number of relays keep the order of a user's events.
const hold = `
SELECT id, user_id, ${columns}
FROM rivulet_outbox AS next
WHERE failed_at IS NULL
  AND NOT EXISTS (
    SELECT FROM rivulet_outbox AS earlier
    WHERE earlier.user_id = next.user_id AND earlier.id < next.id AND earlier.failed_at IS NULL
  )
ORDER BY id
LIMIT $1
FOR UPDATE SKIP LOCKED`;
const take = `
SELECT id, user_id, ${columns}
FROM rivulet_outbox
WHERE user_id = ANY($1::text[]) AND failed_at IS NULL
ORDER BY id
LIMIT $2`;
const remove = 'DELETE FROM rivulet_outbox WHERE id = ANY($1::bigint[])';
const mark = 'UPDATE rivulet_outbox SET failed_at = now(), error = $2 WHERE id = $1';

/** Relays events from the table `rivulet_outbox` until the signal is aborted. Any number of relays may run. */
export async function relayOutbox({ everyMs = 1_000, onError = () => {}, ...options }: RelayOptions): Promise<void> {
  const { signal } = options;
  let failures = 0;
  for (;;) {
    if (signal?.aborted) return;
    try {
      await drainOutbox(options);
      failures = 0;
    } catch (error) {
      if (signal?.aborted) return;
      failures += 1;
      onError(error as Error);
    }
    const wait = Math.min(longestWaitMs, everyMs * 2 ** failures);
    await sleep(wait, undefined, { signal }).catch(() => {});
  }
}

/**
 * Publishes what is in the table `rivulet_outbox` and deletes each row once JetStream has its event. An invalid event stays, with
 * `failed_at` and `error`, and holds up no other. Throws if a server is unavailable; the rows stay for the next call, which publishes them
 * with the same ids.
 */
export async function drainOutbox(options: OutboxOptions): Promise<{ published: number; invalid: number }> {
  const total = { published: 0, invalid: 0 };
  for (;;) {
    options.signal?.throwIfAborted();
    const { published, invalid } = await inTransaction(options.pool, (query) => relayBatch(options, query));
    total.published += published;
    total.invalid += invalid;
    if (published + invalid === 0) return total;
  }
}

type Query = OutboxConnection['query'];

interface Batch {
  published: number;
  invalid: number;
  /** Why others of the batch could not be published. */
  failure?: unknown;
}

async function inTransaction(pool: OutboxPool, work: (query: Query) => Promise<Batch>): Promise<Batch> {
  const connection = await pool.connect();
  let done = false;
  // A connection that is lost while the events are being published has no query that could fail: without a listener, `pg` ends the process.
  const lost = () => {};
  connection.on?.('error', lost);
  try {
    await connection.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    const batch = await work((sql, values) => connection.query(sql, values));
    await connection.query('COMMIT');
    done = true;
    if (batch.failure !== undefined) throw batch.failure;
    return batch;
  } finally {
    connection.off?.('error', lost);
    connection.release(!done);
  }
}

/** Events of a user that are published in one transaction, on average: enough that one with many costs no transaction for each. */
const eventsPerUser = 10;

type Row = Record<string, unknown>;

interface Result {
  id: unknown;
  /** An error where it was not published. */
  outcome: unknown;
}

async function relayBatch({ client, signal, batch = 100 }: OutboxOptions, query: Query): Promise<Batch> {
  const { rows: oldest } = await query(hold, [batch]);
  if (oldest.length === 0) return { published: 0, invalid: 0 };
  const users = oldest.map(({ user_id }) => user_id).filter((user) => user !== null);
  const { rows } = await query(take, [users, batch * eventsPerUser]);
  const withoutUser = oldest.filter(({ user_id }) => user_id === null);
  const each = [...byUser(rows), ...withoutUser.map((row) => [row])];
  const results = (await Promise.all(each.map((those) => relayInOrder(client, those, signal)))).flat();
  const published = results.filter(({ outcome }) => outcome === 'published').map(({ id }) => id);
  if (published.length > 0) await query(remove, [published]);
  const invalid = results.filter(({ outcome }) => outcome instanceof InvalidEventError);
  for (const { id, outcome } of invalid) await query(mark, [id, (outcome as Error).message]);
  const failed = results.find(isFailed);
  return { published: published.length, invalid: invalid.length, ...(failed && { failure: failed.outcome }) };
}

function byUser(rows: readonly Row[]): Row[][] {
  const users = new Map<unknown, Row[]>();
  for (const row of rows) {
    const those = users.get(row['user_id']);
    if (those) those.push(row);
    else users.set(row['user_id'], [row]);
  }
  return [...users.values()];
}

/** One after another, up to the first that could not be published; an invalid one holds up none. */
async function relayInOrder(client: Client, rows: readonly Row[], signal: AbortSignal | undefined): Promise<Result[]> {
  const results: Result[] = [];
  for (const row of rows) {
    const result = await relayRow(client, row, signal);
    results.push(result);
    if (isFailed(result)) break;
  }
  return results;
}

function isFailed({ outcome }: Result): boolean {
  return outcome !== 'published' && !(outcome instanceof InvalidEventError);
}

async function relayRow(client: Client, { id, event, created }: Row, signal: AbortSignal | undefined): Promise<Result> {
  try {
    const { event_type, ...fields } = { timestamp: Number(created), ...(event as object) } as Record<string, unknown>;
    await client.publish(event_type as EventType, fields as unknown as EventToPublish, { ...(signal && { signal }) });
    return { id, outcome: 'published' };
  } catch (error) {
    return { id, outcome: error };
  }
}
