import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';

import { connectPostgres, type Postgres } from '../../store/postgres/connect.ts';
import { migrate } from '../../store/postgres/migrate.ts';

/** A database of a test file's own, with the schema of the product. Filled in before its first test. */
export interface OwnDatabase {
  url: string;
  postgres: Postgres;
}

const template = 'rivulet_template';
const longMs = 60 * 86_400_000;

/** `connections`: at most so many at a time. The database goes away with the file. */
export function ownDatabase(
  connections = 4,
  create: (serverUrl: string) => Promise<string> = createDatabase,
): OwnDatabase {
  const own = {} as OwnDatabase;
  beforeAll(async () => {
    own.url = await create(inject('servers').postgres);
    own.postgres = connectPostgres({ url: own.url, connections });
  }, 60_000);
  afterAll(async () => {
    await own.postgres.close();
    await dropDatabase(own.url);
  });
  return own;
}

/** The same for each test, where several know the same person. Filled in before the test. */
export function databasePerTest(connections = 4): OwnDatabase {
  const own = {} as OwnDatabase;
  beforeEach(async () => {
    own.url = await createDatabase(inject('servers').postgres);
    own.postgres = connectPostgres({ url: own.url, connections });
  }, 60_000);
  afterEach(async () => {
    await own.postgres.close();
    await dropDatabase(own.url);
  });
  return own;
}

/** Makes a database with the schema on the server of `serverUrl`, and returns its URL. Copied from a template: some 50 ms. `template0` has no schema. */
export async function createDatabase(serverUrl: string, from = template): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${from}`);
  return databaseUrl(serverUrl, name);
}

export async function dropDatabase(url: string): Promise<void> {
  await asAdmin(url, `DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
}

/** Makes the template, once for the whole suite. */
export async function createTemplateDatabase(serverUrl: string): Promise<void> {
  await asAdmin(serverUrl, `CREATE DATABASE ${template}`);
  const url = databaseUrl(serverUrl, template);
  await defineRoles(url);
  await migrate({ url: asRole(url, 'rivulet_owner') }, { sendsMs: longMs, eventsMs: longMs });
}

/** What production has: see deploy/postgres/roles.sql. */
export async function defineRoles(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(readFileSync(new URL('../../deploy/postgres/roles.sql', import.meta.url), 'utf8'));
  await client.end();
}

/** The same database for another role. The servers of tests ask for no password. */
export function asRole(url: string, role: 'rivulet_owner' | 'rivulet_app' | 'rivulet_reader'): string {
  const own = new URL(url);
  own.username = role;
  return own.href;
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs a statement in the server's own database, and then more over the same connection. */
export async function asAdmin(
  serverUrl: string,
  sql: string,
  then?: (admin: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(serverUrl, 'postgres') });
  await client.connect();
  try {
    await client.query(sql);
    await then?.(client);
  } finally {
    await client.end();
  }
}

/** The same database, where the query fails for which `fails` is true. */
export function failAt(postgres: Postgres, fails: () => boolean): Postgres {
  return {
    ...postgres,
    transaction: (work) =>
      postgres.transaction((queries) =>
        work({
          query: (sql, values) =>
            fails() ? queries.query({ name: 'fails', text: 'SELECT 1 / 0' }) : queries.query(sql, values),
        }),
      ),
  };
}
