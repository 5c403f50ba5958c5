import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '../runtime/log.ts';
import type { Sends } from '../state/sends.ts';
import { consumerName, type JetStream } from './nats.ts';

const everyMs = 1_000;

/**
 * Tells the ledger, once a second, up to when everything that the provider told has been taken in, by whichever ingress.
 * While feedback waits in NATS, or is held by an ingress that has died, no send is settled as if nothing had been said.
 */
export async function tellFeedProgress(
  stream: JetStream,
  streamName: string,
  sends: Pick<Sends, 'feedRead'>,
  log: Pick<Logger, 'debug'>,
  stop: AbortSignal,
  /** How old feedback may be that has not come as far as NATS, in ms. */
  before: () => number = () => 0,
): Promise<void> {
  while (!stop.aborted) {
    try {
      const asked = performance.now();
      const lag = Math.max(before(), await feedLag(stream, streamName));
      await sends.feedRead(lag + performance.now() - asked);
    } catch (error) {
      log.debug({ err: error }, 'how far the feed has been read is not known now');
    }
    await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** How old, by NATS's clock, the first piece of feedback is that may not have been taken in; 0 when there is none. In ms. */
export async function feedLag({ manager }: JetStream, streamName: string): Promise<number> {
  const { ack_floor: floor, ts } = await manager.consumers.info(streamName, consumerName);
  // The client's types know the number alone; the server finds the next message of a subject from there on.
  const firstAfter = { seq: floor.stream_seq + 1, next_by_subj: 'marketing.feedback.>' };
  const waiting = await manager.streams.getMessage(streamName, firstAfter);
  if (!waiting) return 0;
  return Math.max(0, (ts ? Date.parse(ts) : Date.now()) - waiting.time.getTime());
}
