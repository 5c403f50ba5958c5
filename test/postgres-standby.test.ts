import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from './support/own-postgres.ts';
import { type Standby, startStandby } from './support/postgres-standby.ts';

let primary: OwnPostgres;
let standby: Standby;
let clients: Client[];
beforeEach(async () => {
  clients = [];
  primary = await startOwnPostgres();
  await (await connectTo(primary.url)).query('CREATE TABLE kept (id int PRIMARY KEY)');
  standby = await startStandby(primary.url);
}, 60_000);
afterEach(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => {})));
  await standby.stop();
  await primary.stop();
}, 30_000);

async function connectTo(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {}); // Servers are killed on purpose.
  clients.push(client);
  await client.connect();
  return client;
}

it('a promoted standby has every row that was committed before the primary was killed', async () => {
  const committed: number[] = [];
  const writers = await Promise.all([0, 1, 2, 3].map(() => connectTo(primary.url)));
  const writing = writers.map(async (writer, nth) => {
    try {
      for (let id = nth; ; id += writers.length) {
        await writer.query('INSERT INTO kept VALUES ($1)', [id]);
        committed.push(id);
      }
    } catch {
      // The primary was killed under it.
    }
  });
  await expect.poll(() => committed.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(200);

  await primary.server.kill('SIGKILL');
  await Promise.all(writing);
  await standby.promote();

  const promoted = await connectTo(standby.url);
  const { rows } = await promoted.query<{ id: number }>('SELECT id FROM kept');
  const kept = new Set(rows.map(({ id }) => id));
  expect(committed.filter((id) => !kept.has(id))).toEqual([]);
  await promoted.query('INSERT INTO kept VALUES (-1)');
}, 60_000);

it('a commit waits for the standby', async () => {
  const writer = await connectTo(primary.url);
  await standby.server.kill('SIGSTOP');

  let committed = false;
  const commit = writer.query('INSERT INTO kept VALUES (1)').then(() => (committed = true));
  await expect.poll(() => waitingFor('SyncRep'), { timeout: 10_000 }).toBe(1);
  expect(committed).toBe(false);

  await standby.server.kill('SIGCONT');
  await commit;
}, 30_000);

async function waitingFor(event: string): Promise<number> {
  const observer = clients[0]!;
  const { rows } = await observer.query<{ waiting: number }>(
    'SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event = $1',
    [event],
  );
  return rows[0]!.waiting;
}
