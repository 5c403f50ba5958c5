import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** A statement from an `.sql` file. Postgres prepares it once for each connection, under its name. */
export interface Statement {
  name: string;
  text: string;
}

/**
 * Reads the statement in `file`, beside the module that asks.
 *
 *     const look = statement(import.meta.url, 'look.sql');
 */
export function statement(moduleUrl: string, file: string): Statement {
  return { name: basename(file, '.sql'), text: readFileSync(new URL(file, moduleUrl), 'utf8') };
}
