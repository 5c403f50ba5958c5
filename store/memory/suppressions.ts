import {
  isLifted,
  liftedFact,
  reasonAgainst,
  type StoredSuppression,
  suppressedFact,
  type Suppression,
  type Suppressions,
  withSuppression,
} from '../suppressions.ts';
import { addressIn, type MemoryRecord } from './record.ts';

export function createSuppressions(record: MemoryRecord): Suppressions {
  const stored = (hash: string) => record.addresses.get(hash)?.suppressions ?? [];
  return {
    async add(hash, more, cause) {
      const lifts = [...record.lifts.values()].filter(({ addressHash }) => addressHash === hash);
      if (more.source === 'provider' && isLifted(lifts, more)) return false;
      const after = withSuppression(stored(hash), more);
      if (!after) return false;
      const address = addressIn(record, hash);
      const others = address.suppressions.filter(({ reason }) => reason !== more.reason);
      address.suppressions = [...others, ...after].toSorted(inOrder);
      address.version += 1;
      record.recordFacts([suppressedFact(hash, address.version, more, cause)]);
      return true;
    },
    async lift(hash, reason, source) {
      const lifted = stored(hash).filter((each) => reason === undefined || each.reason === reason);
      if (lifted.length === 0) return [];
      const address = addressIn(record, hash);
      address.suppressions = address.suppressions.filter((each) => !lifted.includes(each));
      address.version += 1;
      const reasons = [...new Set(lifted.map((each) => each.reason))];
      record.recordFacts(reasons.map((each) => liftedFact(hash, address.version, each, record.now(), source)));
      return reasons;
    },
    of: async (hash) => stored(hash).map(suppressionOf),
    reasonFor: async (hash, email) => reasonAgainst(stored(hash), email, record.now()),
    async *all() {
      const hashes = [...record.addresses.keys()].filter((hash) => stored(hash).length > 0);
      if (hashes.length > 0) yield hashes.toSorted();
    },
  };
}

/** As it is read: without what is only the provider's list's business. */
export function suppressionOf(stored: StoredSuppression): Suppression {
  const { to_report: _, ...suppression } = stored;
  return suppression;
}

/** As `postgres/suppressions-of.sql` returns them. */
function inOrder(one: Suppression, other: Suppression): number {
  return one.since - other.since || compare(one.reason, other.reason) || compare(one.scope, other.scope);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
