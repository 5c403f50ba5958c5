import { setTimeout as sleep } from 'node:timers/promises';

import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';

import type { Logger } from '../runtime/log.ts';
import type { JetStream } from '../runtime/nats-connection.ts';
import type { FeedProgress } from '../store/feed.ts';
import { firstArrival } from './arrival.ts';
import { eventConsumers, feedbackRetrySubjects } from './consumers.ts';
import { normalise } from './feedback/normalise.ts';
import { anyFeedback, isFeedback } from './lanes.ts';
import type { StreamSettings } from './nats.ts';
import { firstUnprocessed } from './oldest-waiting.ts';
import { movedConsumers } from './provision-consumers.ts';

const everyMs = 1_000;

/** Retries are not in the order in which they were reported, so each is read; more than these are not worth reading once a second. */
const retriesRead = 100;

export interface FeedProgressOptions {
  stream: JetStream;
  settings: Pick<StreamSettings, 'events' | 'retries'>;
  feed: Pick<FeedProgress, 'progress' | 'leave'>;
  /** What this process is called; another after each start. */
  ingress: string;
  log: Pick<Logger, 'debug'>;
  stop: AbortSignal;
  /** How old feedback may be that has not come as far as NATS, in ms; undefined: not known yet. */
  lagBefore?: () => number | undefined;
}

/**
 * Records once a second up to when this ingress knows everything to be processed that the provider reported. While feedback waits
 * in the queue or in NATS, or is held by an ingress that has died, no email in doubt is decided as if nothing had been reported.
 */
export async function recordFeedProgress(options: FeedProgressOptions): Promise<void> {
  const { feed, ingress, log, stop } = options;
  while (!stop.aborted) {
    try {
      const asked = performance.now();
      const lag = await lagOf(options);
      if (lag !== undefined) await feed.progress(ingress, lag + performance.now() - asked);
    } catch (error) {
      log.debug({ err: error }, 'feed_progress.unknown');
    }
    await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

/**
 * First the queue, then NATS: a message that moves from one to the other in between is seen twice rather than never.
 */
async function lagOf({ stream, settings, lagBefore = () => 0 }: FeedProgressOptions): Promise<number | undefined> {
  const before = lagBefore();
  const within = before === undefined ? undefined : await feedLag(stream, settings);
  return within === undefined ? undefined : Math.max(before ?? 0, within);
}

/**
 * How old the first piece of feedback is that may not have been processed, by its own time where it says one: it may have waited
 * elsewhere before it came to NATS. 0 when there is none; undefined when too many wait to be retried. In ms, by the clock of NATS.
 *
 * The stream of events before that of the retries, since messages move from one to the other.
 */
export async function feedLag(
  { manager }: JetStream,
  settings: FeedProgressOptions['settings'],
): Promise<number | undefined> {
  const waiting: StoredMsg[] = [];
  let now = 0;
  for (const { name, subjects } of [...eventConsumers(), ...(await movedConsumers(manager, settings.events))]) {
    const feedback = subjects.filter((subject) => subject === anyFeedback || isFeedback(subject));
    if (feedback.length === 0) continue;
    const info = await manager.consumers.info(settings.events, name);
    now = Math.max(now, info.ts ? Date.parse(info.ts) : Date.now());
    if (info.num_pending + info.num_ack_pending > 0) waiting.push(...(await firstUnprocessed(manager, info, feedback)));
  }
  const retries = await feedbackRetries(manager, settings.retries);
  if (retries === undefined) return undefined;
  const reported = [...waiting, ...retries].map((message) => reportedAt(message.data, arrivedAt(message)));
  return Math.max(0, now - Math.min(now, ...reported));
}

/** All feedback that waits to be retried; undefined when that is too much to read. What was processed is no longer there. */
async function feedbackRetries(manager: JetStreamManager, stream: string): Promise<StoredMsg[] | undefined> {
  const found: StoredMsg[] = [];
  for (let seq = 1; found.length < retriesRead;) {
    const from = { seq, next_by_subj: feedbackRetrySubjects };
    const message = await manager.streams.getMessage(stream, from);
    if (!message) return found;
    found.push(message);
    seq = message.seq + 1;
  }
  return undefined;
}

/** When it arrived in the stream of events, Unix ms. */
function arrivedAt(message: StoredMsg): number {
  return firstArrival(message) ?? message.time.getTime();
}

/** When the provider reported it: the time in it, or that of its arrival if it says none or a later one. Unix ms. */
export function reportedAt(bytes: Uint8Array, arrivedAt: number): number {
  const times = normalise(bytes).map((feedback) => ('at' in feedback ? feedback.at : arrivedAt));
  return Math.min(arrivedAt, ...times);
}
