import { describe, expect, it } from 'vitest';

import { judgeConnections, judgeDurability, judgePrivileges, judgeTransport } from '../cli/doctor-postgres.ts';
import { missingPartitions } from '../store/postgres/partitions.ts';
import { readServer, type ServerState, takesWrites, whyUnusable } from '../store/postgres/server.ts';
import { ownDatabase } from './support/database.ts';

const own = ownDatabase();

/** A server as it should be. */
const well: ServerState = {
  version: 150_018,
  standby: false,
  read_only: false,
  fsync: true,
  synchronous_commit: 'on',
  synchronous_standby_names: '',
  standbys: 0,
  connections_allowed: 97,
  connections_used: 20,
  database_bytes: 10_000_000,
  partitions: [],
  now: Date.UTC(2026, 10, 28),
};

describe('a Postgres that can keep the record', () => {
  it.each([
    [{}, undefined],
    [{ version: 180_001 }, undefined],
    [{ version: 140_020 }, 'This is Postgres 14; Rivulet needs 15 or newer.'],
    [
      { standby: true, read_only: true },
      'This Postgres is a standby: it takes no writes. Point POSTGRES_URL at the primary server.',
    ],
    [
      { read_only: true },
      'This user writes nothing (default_transaction_read_only is on), so nothing can be sent. Connect as rivulet_app; if it is on for the whole server, set it to off.',
    ],
  ])('%j', (differs, why) => {
    expect(whyUnusable({ ...well, ...differs })).toBe(why);
  });

  it('says about itself what it is', async () => {
    const [expected] = await own.postgres.query<{ version: number; names: number }>({
      name: '',
      text: `SELECT current_setting('server_version_num')::integer AS version, count(*) AS names FROM pg_inherits`,
    });
    const server = await readServer(own.postgres);
    expect(server).toMatchObject({ version: expected?.version, standby: false, read_only: false, standbys: 0 });
    expect(server.partitions).toHaveLength(expected?.names ?? 0);
    expect(server.connections_used).toBeGreaterThan(0);
    expect(server.connections_allowed).toBeGreaterThan(server.connections_used);
    expect(server.database_bytes).toBeGreaterThan(1_000_000);
    expect(Math.abs(server.now - Date.now())).toBeLessThan(5_000);
    expect(missingPartitions(server.partitions, server.now)).toEqual([]);
  });

  it('is not one that takes no writes', async () => {
    await expect(takesWrites(own.postgres)).resolves.toBeUndefined();
    await own.postgres.transaction(async (queries) => {
      await queries.query({ name: '', text: 'SET LOCAL transaction_read_only = on' });
      await expect(takesWrites(queries)).rejects.toThrow('This user writes nothing');
    });
  });
});

describe('what its settings mean for an opt-out', () => {
  it('that is acknowledged on one server, or on two', () => {
    expect(judgeDurability(well)).toEqual([
      {
        level: 'ok',
        about: 'Postgres',
        says: "an opt-out is acknowledged once it is on this server's disk (synchronous_commit on, no standby)",
      },
    ]);
    expect(judgeDurability({ ...well, standbys: 2, synchronous_standby_names: 'ANY 1 (a, b)' })).toEqual([
      {
        level: 'ok',
        about: 'Postgres',
        says: 'an opt-out is acknowledged once it is on disk here and on a standby (synchronous_commit on, synchronous_standby_names ANY 1 (a, b))',
      },
    ]);
  });

  it.each([
    [{ fsync: false }, ['fsync is off: a crash of its machine can destroy the database']],
    [{ synchronous_commit: 'off' }, ['synchronous_commit is off: a crash forgets opt-outs']],
    [{ standbys: 1 }, ['1 standby follows, and synchronous_standby_names is empty: a failover forgets opt-outs']],
    [{ standbys: 2 }, ['2 standby servers follow, and synchronous_standby_names is empty']],
    [
      { synchronous_commit: 'local', synchronous_standby_names: 'a', standbys: 1 },
      ['synchronous_commit is local: a commit does not wait for the synchronous standby'],
    ],
    [{ fsync: false, synchronous_commit: 'off' }, ['fsync is off', 'synchronous_commit is off']],
  ])('that %j may forget is told in one sentence each, with the remedy', (differs, sentences) => {
    const found = judgeDurability({ ...well, ...differs });
    expect(found.map(({ level }) => level)).toEqual(sentences.map(() => 'warning'));
    for (const [index, sentence] of sentences.entries()) {
      expect(found[index]?.says).toContain(sentence);
      expect(found[index]?.says).toMatch(/\. (Set|Name) \S.*\.$/);
    }
  });
});

describe('its connections', () => {
  it('are a warning once four of five are used', () => {
    expect(judgeConnections({ ...well, connections_used: 77 }).level).toBe('ok');
    expect(judgeConnections({ ...well, connections_used: 78 })).toMatchObject({
      level: 'warning',
      says: expect.stringMatching(/^78 of 97 connections are used: .* Raise max_connections, or put PgBouncer/),
    });
  });
});

describe('its partitions', () => {
  it('of this month and the next are missed by name, also over the end of a year', () => {
    const missing = missingPartitions(['send_2026_12', 'send_2027_01', 'fact_2027_01'], Date.UTC(2026, 11, 31, 23, 59));
    expect(missing).toContain('fact_2026_12');
    expect(missing).toContain('event_2027_01');
    expect(missing).not.toContain('send_2026_12');
    expect(missing).not.toContain('fact_2027_01');
    expect(missing.every((name) => /_(2026_12|2027_01)$/.test(name))).toBe(true);
  });
});

describe('the connection to Postgres', () => {
  it.each([
    ['localhost', 'disable', undefined, ''],
    ['/var/run/postgresql', 'disable', undefined, ''],
    ['db.example.com', 'verify-full', 'ok', 'connects with TLS (sslmode verify-full)'],
    [
      'db.example.com',
      'disable',
      'warning',
      'connects without TLS: the password and personal data can be read in transit',
    ],
    ['db.example.com', 'require', 'warning', 'connects with TLS, but does not verify the server (sslmode require)'],
  ])('to %s with sslmode %s', (host, mode, level, says) => {
    const [finding] = judgeTransport({ host, mode });
    expect(finding?.level).toBe(level);
    expect(finding?.says ?? '').toContain(says);
  });

  it.each([
    ['db.example.com', { superuser: false, missing: [] }, undefined, ''],
    ['127.0.0.1', { superuser: true, missing: [] }, undefined, ''],
    ['db.example.com', { superuser: true, missing: [] }, 'warning', 'is a superuser'],
    ['127.0.0.1', { superuser: false, missing: ['INSERT on send'] }, 'wrong', 'lacks privileges: INSERT on send.'],
  ])('to %s as a user with %j', (host, privileges, level, says) => {
    const [finding] = judgePrivileges(privileges, { host, mode: 'disable' });
    expect(finding?.level).toBe(level);
    expect(finding?.says ?? '').toContain(says);
  });
});
