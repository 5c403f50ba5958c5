import { expect, it, vi } from 'vitest';

import { feedLag, recordFeedProgress, reportedAt } from '../ingress/feed-progress.ts';
import type { JetStream } from '../runtime/nats-connection.ts';
import { sesEvent } from './support/ses-events.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const minute = 60_000;
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const delivered = (at: number) => bytesOf(sesEvent.delivery({ to: 'ada@example.com', at }));

interface Waiting {
  data: Uint8Array;
  time: Date;
  header?: { get(name: string): string };
}

/** A stream whose first unprocessed feedback is this, and what waits to be retried; none: everything has been processed. */
function streamWith(waiting?: Waiting, retries: readonly Waiting[] = []): JetStream {
  const info = async () => ({
    ack_floor: { stream_seq: 1 },
    num_pending: waiting ? 1 : 0,
    num_ack_pending: 0,
    stream_name: 's',
    ts: new Date(now).toISOString(),
  });
  const getMessage = async (stream: string, { seq }: { seq: number }) => {
    if (stream === 's') return waiting ?? null;
    const retry = retries[seq - 1];
    return retry ? { ...retry, seq } : null;
  };
  const list = async function* () {};
  return { manager: { consumers: { info, list }, streams: { getMessage } } } as unknown as JetStream;
}

/** What the ingress records first, if it records anything. */
async function lagOf(stream: JetStream, lagBefore?: () => number | undefined): Promise<number | undefined> {
  const stop = new AbortController();
  const progress = vi.fn<(ingress: string, lagMs: number) => Promise<void>>(async () => stop.abort());
  const feed = { progress, leave: async () => {} };
  const log = { debug: () => stop.abort() };
  const done = recordFeedProgress({
    stream,
    settings: { events: 's', retries: 'r' },
    feed,
    ingress: 'one',
    log,
    stop: stop.signal,
    ...(lagBefore && { lagBefore: () => stopAfter(stop, lagBefore()) }),
  });
  await done;
  return progress.mock.calls[0]?.[1];
}

/** An ingress that does not know says nothing, so nothing else would end the test. */
function stopAfter(stop: AbortController, lag: number | undefined): number | undefined {
  if (lag === undefined) stop.abort();
  return lag;
}

const about = (ms: number) => expect.closeTo(ms, -3);

it('with nothing to process, an ingress has read everything up to now', async () => {
  expect(await lagOf(streamWith())).toEqual(about(0));
});

it('goes by the own time of the first unprocessed event, not by when it came to the stream', async () => {
  const waiting = { data: delivered(now - 90 * minute), time: new Date(now - minute) };
  expect(await lagOf(streamWith(waiting))).toEqual(about(90 * minute));
});

it('goes by the queue where that is further behind', async () => {
  const waiting = { data: delivered(now - minute), time: new Date(now - minute) };
  expect(await lagOf(streamWith(waiting), () => 5 * minute)).toEqual(about(5 * minute));
  expect(await lagOf(streamWith(waiting), () => 0)).toEqual(about(minute));
});

it('goes by the oldest of what waits to be retried, in whatever order it came there', async () => {
  const failed = {
    data: bytesOf('nothing'),
    time: new Date(now),
    header: { get: () => String((now - 30 * minute) * 1e6) },
  };
  const sorted = { data: delivered(now - minute), time: new Date(now) };
  expect(await lagOf(streamWith(undefined, [sorted, failed, sorted]))).toEqual(about(30 * minute));
});

it('says nothing while more is retried than it can read', async () => {
  const sorted = { data: delivered(now - minute), time: new Date(now) };
  const lagOfMany = (length: number) =>
    feedLag(
      streamWith(
        undefined,
        Array.from({ length }, () => sorted),
      ),
      { events: 's', retries: 'r' },
    );
  expect(await lagOfMany(99)).toBe(minute);
  expect(await lagOfMany(100)).toBeUndefined();
});

it('says nothing while it does not know how far the queue has been read', async () => {
  expect(await lagOf(streamWith(), () => undefined)).toBeUndefined();
});

it('says nothing while NATS does not answer', async () => {
  const away = { manager: { consumers: { info: async () => Promise.reject(new Error('away')) } } };
  expect(await lagOf(away as unknown as JetStream)).toBeUndefined();
});

it.each([
  ['what says a later time than that of its arrival', delivered(now + minute)],
  ['what cannot be read', bytesOf('nothing')],
])('%s was reported when it arrived', (_, bytes) => {
  expect(reportedAt(bytes, now)).toBe(now);
});
