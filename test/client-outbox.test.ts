import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import { type Client, connectClient, drainOutbox, relayOutbox, UnavailableError } from '../client/index.ts';
import { createDatabase, dropDatabase } from './support/database.ts';
import { ownNats } from './support/own-nats.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [createTable = '', insertBoth = '', listInvalid = ''] = [
  ...readFileSync(`${root}docs/publishing.md`, 'utf8').matchAll(/^```sql\n([^]*?)^```$/gm),
].map(([, sql]) => sql);

const nats = ownNats();
let url: string;
let pool: pg.Pool;
let client: Client;
beforeAll(async () => {
  url = await createDatabase(inject('servers').postgres, 'template0');
  pool = new pg.Pool({ connectionString: url });
  await pool.query('CREATE TABLE shop_order (id bigint PRIMARY KEY, user_id text, total numeric)');
  await pool.query(createTable);
  client = await connectClient({ nats: nats.url, timeoutMs: 500 });
}, 60_000);
afterAll(async () => {
  await client.close();
  await pool.end();
  await dropDatabase(url);
});
beforeEach(async () => {
  await nats.reset();
  await pool.query('TRUNCATE shop_order, rivulet_outbox RESTART IDENTITY');
});

const order = (event_id: string, user_id = 'u_42', more: object = {}) => ({
  event_id,
  event_type: 'order.completed',
  user_id,
  payload: { order_id: 'o_7', total: 12.5, currency: 'EUR' },
  ...more,
});
const put = async (...events: unknown[]) => {
  for (const event of events)
    await pool.query('INSERT INTO rivulet_outbox (event) VALUES ($1)', [JSON.stringify(event)]);
};
const rows = async () =>
  (await pool.query<{ id: string; error: string | null }>('SELECT id, error FROM rivulet_outbox ORDER BY id')).rows;

/** The ids of the events in the stream, in its order. */
async function published(): Promise<string[]> {
  const { streams } = nats.stream.manager;
  const { last_seq } = (await streams.info('MARKETING_EVENTS')).state;
  const all = Array.from({ length: last_seq }, (_, index) =>
    streams.getMessage('MARKETING_EVENTS', { seq: index + 1 }),
  );
  return (await Promise.all(all)).map((message) => message?.json<{ event_id: string }>().event_id ?? '');
}

describe('the outbox of docs/publishing.md', () => {
  it('publishes what a transaction wrote, and forgets it then', async () => {
    await pool.query(insertBoth);
    expect(await drainOutbox({ pool, client })).toEqual({ published: 1, invalid: 0 });
    expect([await published(), await rows()]).toEqual([['shop-order-17'], []]);
    expect(await drainOutbox({ pool, client })).toEqual({ published: 0, invalid: 0 });
  });

  it('publishes the events of a user in their order, also with several relays and small batches', async () => {
    const events = Array.from({ length: 60 }, (_, index) =>
      order(`${index % 3}-${String(index).padStart(2, '0')}`, `u_${index % 3}`),
    );
    await put(...events);
    let slow = 30;
    const uneven: Client = {
      ...client,
      publish: async (...args) => {
        await sleep((slow = Math.max(0, slow - 5)));
        return client.publish(...args);
      },
    };
    await Promise.all([1, 2, 3].map(() => drainOutbox({ pool, client: uneven, batch: 4 })));
    // A relay may have ended while another one still held what comes before.
    await drainOutbox({ pool, client });
    const found = await published();
    expect(found).toHaveLength(60);
    for (const user of ['0', '1', '2']) {
      const theirs = found.filter((id) => id.startsWith(user));
      expect(theirs).toEqual(theirs.toSorted());
    }
    expect(await rows()).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['a required field missing', order('bad', 'u_1', { payload: {} }), /payload\.order_id/],
    ['an unknown type', { ...order('bad', 'u_1'), event_type: 'order.complete' }, /event_type is none of/],
    ['no type', { ...order('bad', 'u_1'), event_type: undefined }, /event_type must be a string/],
    ['no user', { ...order('bad'), user_id: undefined }, /user_id must be/],
    ['text in place of an event', 'order', /event_id must be/],
    ['null', null, /event_id must be/],
  ])('keeps an invalid event with its error (%s), and publishes those before and after it', async (_, bad, error) => {
    await put(order('before', 'u_1'), bad, order('after', 'u_1'), order('other', 'u_2'));
    expect(await drainOutbox({ pool, client })).toEqual({ published: 3, invalid: 1 });
    expect((await published()).toSorted()).toEqual(['after', 'before', 'other']);
    const { rows: listed } = await pool.query<{ id: string; error: string }>(listInvalid);
    expect(listed).toMatchObject([{ id: '2', error: expect.stringMatching(error) as string }]);
    expect(await drainOutbox({ pool, client })).toEqual({ published: 0, invalid: 0 });
  });

  it('keeps everything while NATS has no stream, reports it, and publishes once there is one', async () => {
    await put(order('a'), order('b'));
    await nats.stream.manager.streams.delete('MARKETING_EVENTS');
    await expect(drainOutbox({ pool, client })).rejects.toThrow(UnavailableError);
    expect(await rows()).toHaveLength(2);
    const [stop, errors] = [new AbortController(), [] as string[]];
    const relaying = relayOutbox({
      pool,
      client,
      everyMs: 20,
      signal: stop.signal,
      onError: (error) => errors.push(error.name),
    });
    await expect.poll(() => errors).toContain('UnavailableError');
    await nats.reset();
    await expect.poll(published, { timeout: 10_000 }).toEqual(['a', 'b']);
    stop.abort();
    await relaying;
    expect(await rows()).toEqual([]);
  });

  it('loses nothing when its connection to Postgres is lost while it publishes', async () => {
    await put(order('a'));
    const cutting: Client = {
      ...client,
      publish: async (...args) => {
        const { rows: ended } = await pool.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()",
        );
        expect(ended).toHaveLength(1);
        await sleep(50);
        return client.publish(...args);
      },
    };
    await expect(drainOutbox({ pool, client: cutting })).rejects.toThrow(/terminat|not queryable/);
    expect(await drainOutbox({ pool, client })).toEqual({ published: 1, invalid: 0 });
    expect(await published()).toEqual(['a']);
  });

  it('without its table fails with the error of Postgres', async () => {
    const elsewhere = new pg.Pool({ connectionString: url, options: '-c search_path=nowhere' });
    await expect(drainOutbox({ pool: elsewhere, client })).rejects.toThrow('relation "rivulet_outbox" does not exist');
    await elsewhere.end();
  });

  it('loses and repeats nothing when the relay is killed between publishing and deleting', async () => {
    await put(order('a', 'u_1'), order('b', 'u_2'));
    const script = `
      import pg from 'pg';
      import { connectClient, drainOutbox } from 'rivulet/client';
      const pool = new pg.Pool({ connectionString: '${url}' });
      const dying = { connect: async () => {
        const connection = await pool.connect();
        const query = (sql, values) => sql.startsWith('DELETE') ? process.kill(process.pid, 'SIGKILL') : connection.query(sql, values);
        return { query, release: () => connection.release() };
      } };
      await drainOutbox({ pool: dying, client: await connectClient({ nats: '${nats.url}' }) });`;
    const relay = spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd: root, stdio: 'inherit' });
    expect(await once(relay, 'exit')).toEqual([null, 'SIGKILL']);
    expect([(await published()).toSorted(), (await rows()).length]).toEqual([['a', 'b'], 2]);
    // Its locks end with its connection.
    await expect.poll(async () => (await drainOutbox({ pool, client })).published + (await rows()).length).toBe(0);
    expect((await published()).toSorted()).toEqual(['a', 'b']);
  });
});
