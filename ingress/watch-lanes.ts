import { setTimeout as sleep } from 'node:timers/promises';

import type { StoredMsg } from '@nats-io/jetstream';

import type { Logger } from '../runtime/log.ts';
import type { JetStream } from '../runtime/nats-connection.ts';
import { firstArrival } from './arrival.ts';
import { eventConsumers, type LaneConsumer, retryConsumers } from './consumers.ts';
import { expiredUnread } from './expired.ts';
import type { IngressMetrics } from './metrics.ts';
import type { StreamSettings } from './nats.ts';
import { firstUnprocessed } from './oldest-waiting.ts';

/** How often NATS is asked, in ms. */
const everyMs = 2_000;

/** Nothing processed for so long although messages wait is said on `/readyz` and logged. */
const stalledAfterMs = 30_000;

/** What waits in one lane. */
export interface LaneState {
  lane: LaneConsumer['lane'];
  waiting: number;
  retries: number;
  oldestSeconds: number;
  /** For how long this ingress has processed nothing although messages wait, in seconds. */
  stalledSeconds: number;
}

export interface LaneWatch {
  /** A message of this consumer was answered for good. */
  processed(consumer: string): void;
  /** As of the last check; empty before the first. */
  states(): readonly LaneState[];
  /** The same in words, for `/readyz`: lanes in which nothing moves. */
  stalled(): string[];
  /** Counts the messages that were deleted unread. Before the first message is read, or it is not known any more. */
  countExpired(stream: JetStream, settings: StreamSettings): Promise<void>;
  run(stream: JetStream, settings: StreamSettings, stop: AbortSignal): Promise<void>;
}

export function createLaneWatch(
  metrics: Pick<IngressMetrics, 'laneWaiting' | 'laneOldest' | 'laneStalled' | 'laneRetries' | 'expired'>,
  log: Pick<Logger, 'error' | 'warn' | 'debug'>,
  now = () => Date.now(),
): LaneWatch {
  const lastMoved = new Map<string, number>();
  const consumers = eventConsumers();
  let states: LaneState[] = [];
  let logged = '';

  const stalledMs = (name: string, waiting: number) => {
    if (waiting === 0 || !lastMoved.has(name)) lastMoved.set(name, now());
    return now() - (lastMoved.get(name) ?? now());
  };

  let countedUpTo = 0;
  const countExpired = async ({ manager }: JetStream, { events }: StreamSettings) => {
    const { messages: unread, upTo } = await expiredUnread(manager, events);
    const messages = Math.min(unread, upTo - countedUpTo);
    if (messages > 0) {
      metrics.expired.inc(messages);
      log.error({ messages, up_to: upTo }, 'messages.expired');
    }
    countedUpTo = upTo;
  };

  const look = async ({ manager }: JetStream, settings: StreamSettings) => {
    const waitingIn = async (consumer: LaneConsumer) => {
      const info = await manager.consumers.info(settings[consumer.stream], consumer.name);
      const waiting = info.num_pending + info.num_ack_pending;
      const first = waiting > 0 ? await firstUnprocessed(manager, info, consumer.subjects) : [];
      return { waiting, oldestAt: Math.min(now(), ...first.map(arrivedAt)) };
    };
    return Promise.all(
      consumers.map(async (consumer): Promise<LaneState> => {
        const own = await waitingIn(consumer);
        const retry = retryConsumers.find(({ lane }) => lane === consumer.lane);
        const again = retry ? await waitingIn(retry) : { waiting: 0, oldestAt: now() };
        return {
          lane: consumer.lane,
          waiting: own.waiting,
          retries: again.waiting,
          oldestSeconds: seconds(now() - Math.min(own.oldestAt, again.oldestAt)),
          stalledSeconds: seconds(stalledMs(consumer.name, own.waiting)),
        };
      }),
    );
  };

  const stalled = () =>
    states
      .filter(({ stalledSeconds }) => stalledSeconds * 1_000 >= stalledAfterMs)
      .map(
        ({ lane, stalledSeconds, waiting }) =>
          `${lane}: nothing processed for ${stalledSeconds} s although ${waiting} wait`,
      );

  return {
    processed: (consumer) => void lastMoved.set(consumer, now()),
    states: () => states,
    stalled,
    countExpired,
    async run(stream, settings, stop) {
      while (!stop.aborted) {
        try {
          await countExpired(stream, settings);
          states = await look(stream, settings);
          for (const { lane, waiting, retries, oldestSeconds, stalledSeconds } of states) {
            metrics.laneWaiting.set({ lane }, waiting);
            metrics.laneRetries.set({ lane }, retries);
            metrics.laneOldest.set({ lane }, oldestSeconds);
            metrics.laneStalled.set({ lane }, stalledSeconds);
          }
          const lanes = states.filter(({ stalledSeconds }) => stalledSeconds * 1_000 >= stalledAfterMs);
          const names = lanes.map(({ lane }) => lane).join(' ');
          if (names !== logged && names !== '') log.warn({ lanes }, 'lane.stalled');
          logged = names;
        } catch (error) {
          log.debug({ err: error }, 'lanes.unknown');
        }
        await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined);
      }
    },
  };
}

function arrivedAt(message: StoredMsg): number {
  return firstArrival(message) ?? message.time.getTime();
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}
