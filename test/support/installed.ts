import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of a program on PATH, or in the folder of system programs; undefined when it is not installed. */
export function programOf(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * Why tests of these programs are skipped, for their title; '' when all are installed. In CI nothing is skipped: there a missing
 * program is an error.
 */
export function skippedWithout(...names: string[]): string {
  const missing = names.filter((name) => programOf(name) === undefined);
  if (missing.length === 0) return '';
  const reason = `${missing.join(' and ')} not found; on Debian: apt-get install redis-server pgbouncer openssl`;
  if (process.env['CI']) throw new Error(reason);
  return ` (skipped: ${reason})`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
