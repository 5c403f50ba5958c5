/**
 * A copy of the suppressions in Redis, for other senders of the company (`suppression.storage: redis`). Rivulet itself never
 * reads it. Written right after each change of the record, and compared with the whole record by the suppression sync.
 */
export interface SuppressionMirror {
  /** Writes what the record has about these addresses. An older write never replaces a newer one. */
  write(addressHashes: readonly string[]): Promise<void>;
  /** Writes the whole record and removes what it no longer has. `onPage` is called with the addresses written so far. Returns their number. */
  reconcile(onPage?: (written: number) => void): Promise<number>;
}
