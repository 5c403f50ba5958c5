import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '../runtime/log.ts';
import { type FeedProgress, minuteOf, type ReportedMinute } from '../store/feed.ts';

const everyMs = 1_000;

/** Counts the emails that the feed reported, by the minute of their dispatch, and adds them to the record once a second. */
export interface FeedReports {
  /** An email was reported for the first time. Both in Unix ms: when it was dispatched, and when its report arrived in the stream. */
  add(dispatchedAt: number, arrivedAt: number): void;
  /** Adds what was counted to the record, until it is stopped; and then once more. */
  run(stop: AbortSignal): Promise<void>;
}

export function createFeedReports(feed: Pick<FeedProgress, 'reported'>, log: Pick<Logger, 'debug'>): FeedReports {
  let minutes = new Map<number, ReportedMinute>();

  const flush = async () => {
    const counted = [...minutes.values()];
    minutes = new Map();
    if (counted.length === 0) return;
    try {
      await feed.reported(counted);
    } catch (error) {
      // Counted or not: adding them again could count them twice, and too few only means that a doubt lasts longer.
      log.debug({ err: error }, 'feed_reports.lost');
    }
  };

  return {
    add(dispatchedAt, arrivedAt) {
      const minute = minuteOf(dispatchedAt);
      const before = minutes.get(minute);
      const slowestMs = Math.max(0, arrivedAt - dispatchedAt, before?.slowestMs ?? 0);
      minutes.set(minute, { minute, reported: (before?.reported ?? 0) + 1, slowestMs });
    },
    async run(stop) {
      do {
        await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined);
        await flush();
      } while (!stop.aborted);
    },
  };
}
