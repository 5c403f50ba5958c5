import { createHash } from 'node:crypto';

/**
 * The id of a consent statement of an import. It follows from what the row says alone, so that the same row, imported again, is the
 * same statement. It is kept with the person: `parts` hold no address, but its keyed hash.
 */
export function statementId(parts: readonly unknown[]): string {
  return `import-${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)}`;
}
