import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Queries } from './connect.ts';
import { statement } from './statement.ts';

export const migrationsFolder = fileURLToPath(new URL('migrations', import.meta.url));

const isMigrated = statement(import.meta.url, 'schema-exists.sql');
const applied = statement(import.meta.url, 'schema-applied.sql');

/** Names of the migrations that this version has and the database has not, oldest first. */
export async function pendingMigrations(queries: Queries): Promise<string[]> {
  const [state] = await queries.query<{ exists: boolean }>(isMigrated);
  const done = new Set(state?.exists ? (await queries.query<{ name: string }>(applied)).map(({ name }) => name) : []);
  return readdirSync(migrationsFolder)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => basename(file, '.sql'))
    .toSorted()
    .filter((name) => !done.has(name));
}

/** What is missing, and what to do. */
export function schemaOutOfDate(pending: readonly string[]): string {
  return (
    `The schema of the database is out of date (${pending.join(', ')}). ` +
    'Start one worker or ingress of this version without --no-provision: it applies what is missing.'
  );
}
