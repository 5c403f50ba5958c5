import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { openRecord } from '../../runtime/record.ts';
import { connectPostgres } from '../../store/postgres/connect.ts';
import { maintainRecord } from '../../store/postgres/maintenance.ts';
import { pendingMigrations } from '../../store/postgres/pending-migrations.ts';
import { createStops } from '../../store/postgres/stops.ts';
import { asRole, createDatabase, defineRoles, dropDatabase } from '../support/database.ts';
import { skippedWithout } from '../support/installed.ts';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { secret } from '../support/secrets.ts';

const reason = skippedWithout('pgbouncer');
const day = 86_400_000;
const retention = { sendsMs: 60 * day, eventsMs: 30 * day };
const numbered = (index: number) => ({
  name: `numbered-${index % 5}`,
  text: `SELECT $1::integer + ${index % 5} AS sum`,
});

describe.skipIf(reason !== '')(`through PgBouncer in transaction mode${reason}`, () => {
  let pooler: PgBouncer;
  let direct: string;
  beforeAll(async () => {
    pooler = await startPgBouncer(inject('servers').postgres);
    direct = await createDatabase(inject('servers').postgres, 'template0');
    await defineRoles(direct);
  }, 60_000);
  afterAll(async () => {
    await pooler.stop();
    await dropDatabase(direct);
  });

  it('ten processes that start at once bring an empty database up to date, and keep its partitions', async () => {
    const server = { url: pooler.through(asRole(direct, 'rivulet_owner')) };
    const postgres = connectPostgres({ url: pooler.through(asRole(direct, 'rivulet_app')) });
    const settings = { server, secrets: { secret }, retention, provision: true };
    await Promise.all(Array.from({ length: 10 }, () => openRecord(postgres, settings, { warn: () => {} })));
    expect(await pendingMigrations(postgres)).toEqual([]);
    await maintainRecord(server, retention);
    await postgres.close();
  }, 60_000);

  it('every statement is answered, with or without prepared ones, and reported once where they are lost', async () => {
    const lost: string[] = [];
    const postgres = connectPostgres({
      url: pooler.through(asRole(direct, 'rivulet_app')),
      onError: (error) => lost.push((error as { code?: string }).code ?? error.message),
    });
    const answers = await Promise.all(
      Array.from(
        { length: 500 },
        async (_, index) => (await postgres.query<{ sum: number }>(numbered(index), [index]))[0]?.sum,
      ),
    );
    expect(answers).toEqual(Array.from({ length: 500 }, (_, index) => index + (index % 5)));
    expect(lost.every((code) => ['26000', '42P05'].includes(code))).toBe(true);
    expect(lost.length).toBeGreaterThan(0);
    await postgres.close();
  });

  it('locks hold for their transaction: of fifty pauses at once, one is the first', async () => {
    const postgres = connectPostgres({ url: pooler.through(asRole(direct, 'rivulet_app')), connections: 50 });
    await Promise.all(Array.from({ length: 50 }, (_, index) => postgres.query(numbered(index), [index])));
    const stops = createStops(postgres);
    const first = await Promise.all(Array.from({ length: 50 }, () => stops.pause('all')));
    expect(first.filter(Boolean)).toHaveLength(1);
    await postgres.close();
  });

  it('prepared statements are kept where PgBouncer tracks them, which it can from 1.21 on', async () => {
    const tracking = await startPgBouncer(inject('servers').postgres, { prepares: true });
    const lost: Error[] = [];
    const postgres = connectPostgres({ url: tracking.through(direct), onError: (error) => lost.push(error) });
    await Promise.all(Array.from({ length: 500 }, (_, index) => postgres.query(numbered(index), [index])));
    expect(lost.length > 0).toBe(!tracking.prepares);
    await postgres.close();
    await tracking.stop();
  });
});
