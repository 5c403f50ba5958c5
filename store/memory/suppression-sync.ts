import type { SuppressionSync } from '../suppression-sync.ts';
import type { SharedReason } from '../suppressions.ts';
import type { MemoryRecord } from './record.ts';

export function createSuppressionSync(record: MemoryRecord): SuppressionSync {
  let lastRead: number | undefined;
  let kept: { run: string; progress: object } | undefined;
  return {
    async lift(addressHash, reason) {
      const at = record.now();
      record.lifts.set(keyOf(addressHash, reason), { addressHash, ...(reason && { reason }), at });
    },
    lifts: async () => [...record.lifts.values()],
    async *unreported() {
      const open = [...record.addresses].filter(([, { suppressions }]) => suppressions.some((each) => each.to_report));
      if (open.length > 0) yield open.map(([hash]) => hash).toSorted();
    },
    async reported(hash, reasons) {
      for (const each of record.addresses.get(hash)?.suppressions ?? []) {
        if (reasons.some((reason) => reason === each.reason)) each.to_report = false;
      }
    },
    now: async () => record.now(),
    lastRead: async () => lastRead,
    async read(startedAt, settled) {
      lastRead = startedAt;
      for (const { addressHash, reason, at } of settled) {
        const key = keyOf(addressHash, reason);
        if (record.lifts.get(key)?.at === at) record.lifts.delete(key);
      }
    },
    progress: async <Progress>(run: string) => (kept?.run === run ? (kept.progress as Progress) : undefined),
    async keepProgress(run, progress) {
      kept = { run, progress: structuredClone(progress) };
    },
  };
}

function keyOf(hash: string, reason: SharedReason | undefined): string {
  return `${hash}/${reason ?? ''}`;
}
