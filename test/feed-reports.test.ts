import { expect, it, vi } from 'vitest';

import { createFeedReports } from '../ingress/feed-reports.ts';
import type { ReportedMinute } from '../store/feed.ts';

const noon = Date.parse('2026-11-24T12:00:00Z');
const minute = 60_000;

it('emails are counted by the minute in which they were dispatched, with the slowest report, and added at the end', async () => {
  const added: ReportedMinute[] = [];
  const reports = createFeedReports({ reported: async (minutes) => void added.push(...minutes) }, { debug() {} });
  const stop = new AbortController();
  reports.add(noon, noon + 500);
  reports.add(noon + minute - 1, noon + minute + 900);
  reports.add(noon + minute, noon + minute + 100);
  reports.add(noon + minute + 1, noon); // by clocks that differ
  const running = reports.run(stop.signal);
  stop.abort();
  await running;
  expect(added).toEqual([
    { minute: noon, reported: 2, slowestMs: 901 },
    { minute: noon + minute, reported: 2, slowestMs: 100 },
  ]);
});

it('what may have been added is not added again', async () => {
  const reported = vi.fn<(minutes: readonly ReportedMinute[]) => Promise<void>>();
  reported.mockRejectedValueOnce(new Error('no answer'));
  const stop = new AbortController();
  const reports = createFeedReports({ reported }, { debug: () => stop.abort() });
  reports.add(noon, noon);
  await reports.run(stop.signal);
  reports.add(noon + minute, noon + minute);
  await reports.run(AbortSignal.timeout(1));
  expect(reported.mock.calls).toEqual([
    [[{ minute: noon, reported: 1, slowestMs: 0 }]],
    [[{ minute: noon + minute, reported: 1, slowestMs: 0 }]],
  ]);
});
