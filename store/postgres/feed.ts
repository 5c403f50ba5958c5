import { countedWithinMs, type FeedProgress, leaseMs, minuteMs, minuteOf, slowestWithinMs } from '../feed.ts';
import type { Postgres } from './connect.ts';
import { statement } from './statement.ts';

const sql = {
  progress: statement(import.meta.url, 'feed-progress.sql'),
  leave: statement(import.meta.url, 'feed-leave.sql'),
  reported: statement(import.meta.url, 'feed-reported.sql'),
  since: statement(import.meta.url, 'feed-since.sql'),
};

export function createFeedProgress(postgres: Postgres): FeedProgress {
  return {
    async progress(ingress, lagMs) {
      await postgres.query(sql.progress, [ingress, lagMs, leaseMs]);
    },
    async leave(ingress) {
      await postgres.query(sql.leave, [ingress]);
    },
    async reported(minutes) {
      if (minutes.length > 0) await postgres.query(sql.reported, [JSON.stringify(minutes), countedWithinMs]);
    },
    async since(dispatchedAt) {
      const later = new Date(minuteOf(dispatchedAt) + minuteMs);
      const [row] = await postgres.query<{ read_until: number | null; later: number; slowest: number }>(sql.since, [
        later,
        slowestWithinMs,
      ]);
      const { read_until: readUntil, later: laterReported, slowest: slowestMs } = row!;
      return { ...(readUntil !== null && { readUntil }), laterReported, slowestMs };
    },
  };
}
