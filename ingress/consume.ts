import { setTimeout as sleep } from 'node:timers/promises';

import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Subscription } from '@nats-io/transport-node';
import PQueue from 'p-queue';

import type { Logger } from '../runtime/log.ts';
import { consumerName, type JetStream, provisionNats, type StreamSettings } from './nats.ts';
import type { Taken } from './take-in.ts';

export interface ConsumeOptions {
  stream: JetStream;
  settings: StreamSettings;
  /** Events taken in side by side. */
  concurrency: number;
  /** Whether streams and consumer may be made again when somebody has deleted them. */
  provision: boolean;
  takeIn(message: JsMsg): Promise<Taken>;
  /** Rejects while something that every event needs is away. */
  probe(): Promise<unknown>;
  onPause(): void;
  log: Logger;
  stop: AbortSignal;
}

const probeEveryMs = 1_000;

/**
 * Pulls events and takes them in until it is told to stop. While something is away it pulls nothing: the backlog waits in
 * NATS, where it can be seen, and no deliveries are used up. Ends when what it holds has been answered.
 */
export async function consume(options: ConsumeOptions): Promise<void> {
  const { stop, log } = options;
  while (!stop.aborted) {
    await untilUp(options);
    if (stop.aborted) break;
    try {
      const why = await pull(options);
      if (why === 'away') options.onPause();
    } catch (error) {
      log.warn({ err: error }, 'pulling failed; trying again');
      await pause(probeEveryMs, stop);
      await provisionAgain(options);
    }
  }
}

/** One stretch of pulling. Ends when stopped, when something is away, or when the iterator ends by itself. */
async function pull(options: ConsumeOptions): Promise<'stopped' | 'away' | 'ended'> {
  const { stream, settings, concurrency, stop, log } = options;
  const queue = new PQueue({ concurrency });
  const consumer = await stream.js.consumers.get(settings.events, consumerName);
  const messages = await consumer.consume({ max_messages: 2 * concurrency, expires: 10_000, idle_heartbeat: 1_000 });
  let end: 'stopped' | 'away' | 'ended' = 'ended';
  const endWith = (why: 'stopped' | 'away') => {
    end = why;
    void drain(messages);
  };
  const stopped = () => endWith('stopped');
  stop.addEventListener('abort', stopped, { once: true });
  void watch(messages, options);
  log.info({ stream: settings.events, consumer: consumerName }, 'pulling events');
  try {
    for await (const message of messages) {
      if (end === 'ended') await queue.onSizeLessThan(1);
      if (end !== 'ended') {
        message.nak(end === 'away' ? 1_000 : 0); // it was in the buffer when pulling stopped
        continue;
      }
      void queue.add(async () => {
        if ((await options.takeIn(message)) === 'away' && end === 'ended') endWith('away');
      });
    }
  } finally {
    stop.removeEventListener('abort', stopped);
    await queue.onIdle();
  }
  return end;
}

/**
 * What NATS has sent on already is still read, and answered. `stop` alone would leave those events with a client that no
 * longer listens, and nobody else would see them before `ack_wait` is over. The client has no public way to do this.
 */
async function drain(messages: ConsumerMessages): Promise<void> {
  const { sub } = messages as unknown as { sub?: Subscription };
  await sub?.drain().catch(() => undefined);
  messages.stop();
}

/** Makes a consumer or stream again that was deleted under us; the iterator itself goes on when it is back. */
async function watch(messages: ConsumerMessages, options: ConsumeOptions): Promise<void> {
  for await (const status of messages.status()) {
    switch (status.type) {
      case 'consumer_deleted':
      case 'consumer_not_found':
      case 'stream_not_found':
        options.log.warn({ status: status.type }, 'the consumer or its stream is gone');
        await provisionAgain(options);
        break;
      default:
    }
  }
}

async function provisionAgain({ provision, stream, settings, log }: ConsumeOptions): Promise<void> {
  if (!provision) return;
  try {
    await provisionNats(stream, settings);
  } catch (error) {
    log.warn({ err: error }, 'could not make the stream and its consumer again; trying again');
  }
}

async function untilUp({ probe, stop, log }: ConsumeOptions): Promise<void> {
  for (let told = false; !stop.aborted; told = true) {
    try {
      await probe();
      return;
    } catch (error) {
      if (!told) log.warn({ err: error }, 'not pulling: something is away');
      await pause(probeEveryMs, stop);
    }
  }
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
}
