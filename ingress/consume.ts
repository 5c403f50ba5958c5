import { setTimeout as sleep } from 'node:timers/promises';

import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Subscription } from '@nats-io/transport-node';
import PQueue from 'p-queue';

import type { Logger } from '../runtime/log.ts';
import { requeueMs, type Outcome } from './answer.ts';
import type { InOrder } from './in-order.ts';
import type { JetStream } from '../runtime/nats-connection.ts';
import type { Probe } from './probe.ts';

/** A delivery that has been read. */
export interface Work {
  /** Not to be processed before, Unix ms. */
  dueAt?: number;
  /** Whose messages are processed one after another. */
  person?: string;
  /** Processes it and answers it. Never rejects. */
  process(): Promise<Outcome>;
  /** Puts it where it occupies nothing and is delivered again later. Never rejects. */
  setAside(): Promise<Outcome>;
}

export interface ConsumeOptions {
  stream: JetStream;
  streamName: string;
  consumer: string;
  /** Messages processed at the same time. */
  places: number;
  /** So many messages in a row for which a server was unavailable, although the probe passes, are an outage that the probe does not see. */
  setbacksInARow: number;
  inOrder: InOrder;
  /** Undefined: another consumer delivers it too, and processes it. */
  read(message: JsMsg): Work | undefined;
  probe: Probe;
  /** Creates streams and consumers again that were deleted. */
  provisionAgain(): Promise<void>;
  /** A message was answered for good. */
  onProcessed(): void;
  onPause(): void;
  log: Logger;
  stop: AbortSignal;
}

/** Between two attempts to pull, in ms: it doubles while nothing succeeds. */
const firstPauseMs = 250;
const longestPauseMs = 15_000;

/** Well within `ack_wait`: what is held is not delivered to another ingress. */
const workingEveryMs = 3_000;

/**
 * Pulls messages of one consumer and processes them until it is stopped. While something is unavailable it pulls nothing: the
 * backlog waits in NATS, where it can be seen. Ends when what it holds has been answered.
 */
export async function consume(options: ConsumeOptions): Promise<void> {
  const { stop, log, consumer } = options;
  for (let bad = 0; !stop.aborted;) {
    await untilAvailable(options);
    if (stop.aborted) break;
    try {
      const end = await pull(options);
      bad = end.succeeded ? 0 : bad + 1;
      if (end.why === 'paused') options.onPause();
      if (end.why !== 'stopped') await pause(pauseMs(bad), stop);
    } catch (error) {
      bad += 1;
      log.warn({ consumer, err: error }, 'consumer.pull_failed');
      await pause(pauseMs(bad), stop);
      await options.provisionAgain();
    }
  }
}

/** Between half and all of it: ingresses and lanes do not come back together. */
function pauseMs(bad: number): number {
  return Math.round(Math.min(longestPauseMs, firstPauseMs * 2 ** bad) * (0.5 + Math.random() / 2));
}

interface End {
  why: 'stopped' | 'paused' | 'ended';
  /** Whether anything was processed. */
  succeeded: boolean;
}

/** One stretch of pulling. Ends when it is stopped, when a server is unavailable, or when the iterator ends by itself. */
async function pull(options: ConsumeOptions): Promise<End> {
  const { stream, streamName, consumer, places, inOrder, stop, log } = options;
  const queue = new PQueue({ concurrency: places });
  const held = new Set<JsMsg>();
  const durable = await stream.js.consumers.get(streamName, consumer);
  const messages = await durable.consume({ max_messages: places, expires: 10_000, idle_heartbeat: 1_000 });
  const end: End = { why: 'ended', succeeded: false };
  let setbacks = 0;
  const endWith = (why: 'stopped' | 'paused') => {
    if (end.why !== 'ended') return;
    end.why = why;
    void drain(messages);
  };
  const stopped = () => endWith('stopped');
  stop.addEventListener('abort', stopped, { once: true });
  if (stop.aborted) stopped(); // aborted while the consumer was fetched: the listener no longer fires
  const working = setInterval(() => held.forEach(keep), workingEveryMs);
  void watch(messages, options);
  log.info({ stream: streamName, consumer }, 'consumer.pulling');

  /** What was in the client's buffer, or waited for its turn, when pulling stopped. */
  const handBack = (message: JsMsg) => message.nak(end.why === 'paused' ? requeueMs() : 0);
  const done = (outcome: Outcome) => {
    switch (outcome) {
      case 'processed':
      case 'failed':
        setbacks = 0;
        end.succeeded ||= outcome === 'processed';
        return options.onProcessed();
      case 'setback':
        setbacks += 1;
        return setbacks < options.setbacksInARow ? undefined : endWith('paused');
      case 'unavailable':
        return endWith('paused');
      case 'waiting':
        return undefined;
      default:
        return outcome satisfies never;
    }
  };
  const begin = async (message: JsMsg, work: Work) => {
    const process = async () => {
      if (end.why !== 'ended') return handBack(message);
      done(await work.process());
    };
    held.add(message);
    const inPlace = () => queue.add(process);
    const turn = work.person === undefined ? inPlace() : inOrder.run(work.person, inPlace);
    if (turn === undefined) done(await work.setAside());
    else await turn;
    held.delete(message);
  };
  const underWay = new Set<Promise<void>>();
  try {
    for await (const message of messages) {
      if (end.why === 'ended') await queue.onSizeLessThan(places);
      if (end.why !== 'ended') {
        handBack(message);
        continue;
      }
      const work = options.read(message);
      if (work === undefined) {
        message.ack();
        done('processed');
        continue;
      }
      const waitMs = Math.round((work.dueAt ?? 0) - Date.now());
      if (waitMs > 0) {
        message.nak(waitMs);
        continue;
      }
      const one = begin(message, work)
        .catch((error: unknown) => log.warn({ consumer, err: error }, 'delivery.unanswered')) // delivered again after ack_wait
        .finally(() => underWay.delete(one));
      underWay.add(one);
    }
  } finally {
    stop.removeEventListener('abort', stopped);
    await Promise.all(underWay);
    clearInterval(working);
  }
  return end;
}

/** Not answered yet: `ack_wait` begins again. */
function keep(message: JsMsg): void {
  try {
    message.working();
  } catch {
    // The connection is closed: the process ends, and the message is delivered to another ingress.
  }
}

/**
 * What NATS has sent on already is still read, and answered. `stop` alone would leave those messages with a client that no
 * longer listens, and no one else would see them before `ack_wait` is over. The client has no public way to do this.
 */
async function drain(messages: ConsumerMessages): Promise<void> {
  const { sub } = messages as unknown as { sub?: Subscription };
  await sub?.drain().catch(() => undefined);
  messages.stop();
}

/** Creates a consumer or stream again that was deleted while it was read; the iterator itself continues when it is back. */
async function watch(messages: ConsumerMessages, options: ConsumeOptions): Promise<void> {
  for await (const status of messages.status()) {
    switch (status.type) {
      case 'consumer_deleted':
      case 'consumer_not_found':
      case 'stream_not_found':
        options.log.warn({ consumer: options.consumer, status: status.type }, 'consumer.gone');
        await options.provisionAgain();
        break;
      default:
    }
  }
}

async function untilAvailable({ probe, stop, log, consumer }: ConsumeOptions): Promise<void> {
  for (let bad = 0; !stop.aborted; bad++) {
    try {
      return await probe();
    } catch (error) {
      if (bad === 0) log.warn({ consumer, err: error }, 'consumer.paused');
      await pause(Math.min(pauseMs(bad + 1), 2_000), stop);
    }
  }
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
}
