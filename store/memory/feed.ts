import { type FeedProgress, leaseMs, minuteMs, minuteOf, type ReportedMinute, slowestWithinMs } from '../feed.ts';

/** `now`: the time, Unix ms. */
export function createFeedProgress(now: () => number = Date.now): FeedProgress {
  const readers = new Map<string, { readUntil: number; leaseUntil: number }>();
  const minutes = new Map<number, ReportedMinute>();
  return {
    async progress(ingress, lagMs) {
      readers.set(ingress, { readUntil: now() - lagMs, leaseUntil: now() + leaseMs });
    },
    async leave(ingress) {
      readers.delete(ingress);
    },
    async reported(said) {
      for (const { minute, reported, slowestMs } of said) {
        const before = minutes.get(minute);
        minutes.set(minute, {
          minute,
          reported: reported + (before?.reported ?? 0),
          slowestMs: Math.max(slowestMs, before?.slowestMs ?? 0),
        });
      }
    },
    async since(dispatchedAt) {
      const read = [...readers.values()]
        .filter(({ leaseUntil }) => leaseUntil > now())
        .map(({ readUntil }) => readUntil);
      const later = [...minutes.values()].filter(({ minute }) => minute >= minuteOf(dispatchedAt) + minuteMs);
      const recent = [...minutes.values()].filter(({ minute }) => minute >= now() - slowestWithinMs);
      return {
        ...(read.length > 0 && { readUntil: Math.min(...read) }),
        laterReported: later.reduce((sum, { reported }) => sum + reported, 0),
        slowestMs: Math.max(0, ...recent.map(({ slowestMs }) => slowestMs)),
      };
    },
  };
}
