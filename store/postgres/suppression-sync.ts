import type { SuppressionSync } from '../suppression-sync.ts';
import type { SharedReason } from '../suppressions.ts';
import type { Queries } from './connect.ts';
import { pagesOf } from './pages.ts';
import { statement } from './statement.ts';

const sql = {
  lift: statement(import.meta.url, 'suppression-sync-lift.sql'),
  lifts: statement(import.meta.url, 'suppression-sync-lifts.sql'),
  unreported: statement(import.meta.url, 'suppression-sync-unreported.sql'),
  reported: statement(import.meta.url, 'suppression-sync-reported.sql'),
  now: statement(import.meta.url, 'suppression-sync-now.sql'),
  state: statement(import.meta.url, 'suppression-sync-state.sql'),
  read: statement(import.meta.url, 'suppression-sync-read.sql'),
  progress: statement(import.meta.url, 'suppression-sync-progress.sql'),
};

interface StateRow {
  last_read: number | null;
  run: string | null;
  progress: unknown;
}

export function createSuppressionSync(postgres: Queries): SuppressionSync {
  const state = async () => (await postgres.query<StateRow>(sql.state))[0];
  return {
    async lift(hash, reason) {
      await postgres.query(sql.lift, [hash, reason ?? '']);
    },
    async lifts() {
      type LiftRow = { address_hash: string; reason: SharedReason | null; at: number };
      const rows = await postgres.query<LiftRow>(sql.lifts);
      return rows.map(({ address_hash: addressHash, reason, at }) => ({
        addressHash,
        ...(reason !== null && { reason }),
        at,
      }));
    },
    unreported: () => pagesOf(postgres, sql.unreported),
    async reported(hash, reasons) {
      await postgres.query(sql.reported, [hash, reasons]);
    },
    async now() {
      const [clock] = await postgres.query<{ now: number }>(sql.now);
      return clock!.now;
    },
    lastRead: async () => (await state())?.last_read ?? undefined,
    async read(startedAt, settled) {
      const rows = settled.map(({ addressHash: address_hash, reason = '', at }) => ({
        address_hash,
        reason,
        at: new Date(at),
      }));
      await postgres.query(sql.read, [new Date(startedAt), JSON.stringify(rows)]);
    },
    async progress<Progress>(run: string) {
      const kept = await state();
      return kept?.run === run ? (kept.progress as Progress) : undefined;
    },
    async keepProgress(run, progress) {
      await postgres.query(sql.progress, [run, JSON.stringify(progress)]);
    },
  };
}
