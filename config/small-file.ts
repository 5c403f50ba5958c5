import { readFileSync, statSync } from 'node:fs';

/** More than this is no secret, password or certificate, but the wrong file. */
const longest = 1024 * 1024;

/**
 * Reads a file that an operator has named. Throws an error whose `code` says why not: that of the system, or ENOTFILE for a pipe, a
 * device or a folder, which could be read for ever, or EFBIG.
 */
export function readSmallFile(path: string): string {
  const found = statSync(path);
  if (!found.isFile()) throw Object.assign(new Error('not a regular file'), { code: 'ENOTFILE' });
  if (found.size > longest) throw Object.assign(new Error('too large'), { code: 'EFBIG' });
  return readFileSync(path, 'utf8');
}

/** Why a file cannot be used, as the end of a sentence. */
export function whyUnreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENAMETOOLONG' || code === 'ENOTDIR') return 'no such file';
  if (code === 'ENOTFILE' || code === 'EISDIR') return 'not a regular file';
  if (code === 'EFBIG') return 'larger than 1 MB';
  return `cannot be read (${code ?? 'unknown error'})`;
}

/** A path, for a message. What does not look like one may be the secret itself, given in the wrong variable: it is never shown. */
export function shownPath(value: string): string {
  const isPath = /^[\w.~:\\/ -]{1,200}$/.test(value) && /[\\/.]/.test(value) && !value.includes('://');
  return isPath && value.split(/[\\/.]/).every((part) => part.length < 32) ? value : 'what it is set to';
}
