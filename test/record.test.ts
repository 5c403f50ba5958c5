import { describe, expect, inject, it, vi } from 'vitest';

import { openRecord, type RecordSettings } from '../runtime/record.ts';
import { StartError } from '../runtime/stop-signal.ts';
import { connectPostgres, type Postgres } from '../store/postgres/connect.ts';
import { pendingMigrations } from '../store/postgres/pending-migrations.ts';
import { createDatabase, dropDatabase } from './support/database.ts';
import { anotherSecret, secret } from './support/secrets.ts';

const day = 86_400_000;
const log = { warn: vi.fn<() => void>() };

/** A database without a schema, for as long as `use` takes. */
async function withEmptyDatabase(use: (postgres: Postgres, settings: RecordSettings) => Promise<void>): Promise<void> {
  const url = await createDatabase(inject('servers').postgres, 'template0');
  const postgres = connectPostgres({ url, connections: 4 });
  const retention = { sendsMs: 60 * day, eventsMs: 30 * day };
  try {
    await use(postgres, { server: { url }, secrets: { secret }, retention, provision: true });
  } finally {
    await postgres.close();
    await dropDatabase(url);
  }
}

describe('a process that opens the record', () => {
  it('brings an empty database up to date, and says with which secret; ten at once too', () =>
    withEmptyDatabase(async (postgres, settings) => {
      await Promise.all(Array.from({ length: 10 }, () => openRecord(postgres, settings, log)));
      expect(await pendingMigrations(postgres)).toEqual([]);
      await expect(openRecord(postgres, { ...settings, provision: false }, log)).resolves.toBeUndefined();
    }));

  it('with --no-provision changes no schema, and ends with what to do', () =>
    withEmptyDatabase(async (postgres, settings) => {
      const opening = openRecord(postgres, { ...settings, provision: false }, log);
      await expect(opening).rejects.toThrow(StartError);
      await expect(opening).rejects.toThrow(
        /out of date \(0001_record.*\)\. Start one worker or ingress .* without --no-provision/,
      );
      expect(await pendingMigrations(postgres)).toContain('0001_record');
    }));

  it('ends when its secret is not the installation’s', () =>
    withEmptyDatabase(async (postgres, settings) => {
      await openRecord(postgres, settings, log);
      const other = { ...settings, secrets: { secret: anotherSecret } };
      await expect(openRecord(postgres, other, log)).rejects.toThrow(StartError);
      await expect(openRecord(postgres, other, log)).rejects.toThrow('RIVULET_SECRET is not the one');
      const rotating = { ...settings, secrets: { secret: anotherSecret, previous: secret } };
      await expect(openRecord(postgres, rotating, log)).resolves.toBeUndefined();
    }));

  it('ends when the owner of the schema cannot log in, and names the variable', () =>
    withEmptyDatabase(async (postgres, settings) => {
      const { server } = settings;
      const nobody = new URL(server.url);
      nobody.username = 'nobody_here';
      const refused = { ...settings, server: { url: nobody.href, variable: 'POSTGRES_MIGRATION_URL' as const } };
      await expect(openRecord(postgres, refused, log)).rejects.toThrow(StartError);
      await expect(openRecord(postgres, refused, log)).rejects.toThrow(
        /refused these credentials\. Check the user and the password of POSTGRES_MIGRATION_URL/,
      );
      const wrongMode = { ...refused, server: { ...refused.server, url: `${server.url}?sslmode=prefer` } };
      await expect(openRecord(postgres, wrongMode, log)).rejects.toThrow(/^sslmode in POSTGRES_MIGRATION_URL must be/);
    }));

  it('ends when Postgres is too old, and waits for one that takes no writes yet', () =>
    withEmptyDatabase(async (postgres, settings) => {
      const seen = [{ version: 150_001, read_only: true }, { version: 140_001 }];
      const query = async (...what: Parameters<Postgres['query']>) => {
        const rows = await postgres.query(...what);
        return what[0].name === 'server-state' ? rows.map((row) => ({ ...row, ...seen.shift() })) : rows;
      };
      log.warn.mockClear();
      const opening = openRecord({ ...postgres, query: query as Postgres['query'] }, settings, log);
      await expect(opening).rejects.toThrow(new StartError('This is Postgres 14; Rivulet needs 15 or newer.'));
      expect(log.warn).toHaveBeenCalledTimes(1);
    }));

  it('waits while Postgres is unavailable, and says so once', () =>
    withEmptyDatabase(async (postgres, settings) => {
      log.warn.mockClear();
      let failures = 2;
      const query: Postgres['query'] = async (...what) => {
        if (failures-- > 0) throw new Error('connect ECONNREFUSED');
        return postgres.query(...what);
      };
      await openRecord({ ...postgres, query }, settings, log);
      expect(failures).toBeLessThan(0);
      expect(log.warn).toHaveBeenCalledTimes(1);
    }));
});
