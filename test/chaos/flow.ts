import { setTimeout as sleep } from 'node:timers/promises';

import PQueue from 'p-queue';

import type { JetStream } from '../../runtime/nats-connection.ts';
import { connectTo } from '../support/connect-to.ts';
import { type Message, publishMessage } from './message.ts';

/** Messages on their way into NATS, each until it is acknowledged. */
export interface Flow {
  /**
   * Publishes the next `count` people of the list it was made with, and then those that `more` makes: the first message of each, and
   * the later ones of those released before.
   */
  release(count: number): void;
  /** Of that list, how many have not been released. */
  readonly left: number;
  publish(message: Message): void;
  /** All of them before anything else that waits, and many at a time. */
  burst(messages: readonly Message[]): void;
  /** When everything released is acknowledged. */
  acknowledged(): Promise<void>;
  stream: JetStream;
  close(): Promise<void>;
}

type Messages = readonly Message[];

export async function openFlow(natsUrl: string, people: readonly Messages[], more: () => Messages): Promise<Flow> {
  const stream = await connectTo(natsUrl);
  const queue = new PQueue({ concurrency: 20 });
  const bursts = new PQueue({ concurrency: 200 });
  const closing = new AbortController();
  let next = 0;
  const later: Message[] = [];

  const untilAcknowledged = async (message: Message) => {
    while (!closing.signal.aborted) {
      try {
        return await publishMessage(stream, message);
      } catch {
        await sleep(200);
      }
    }
  };
  const publish = (message: Message) => void queue.add(() => untilAcknowledged(message));
  return {
    release(count) {
      later.splice(0).forEach(publish);
      for (let i = 0; i < count; i++) {
        const [first, ...rest] = people[next + i] ?? more();
        if (first) publish(first);
        later.push(...rest);
      }
      next += count;
    },
    get left() {
      return Math.max(0, people.length - next);
    },
    publish,
    burst: (messages) => messages.forEach((message) => void bursts.add(() => untilAcknowledged(message))),
    async acknowledged() {
      later.splice(0).forEach(publish);
      await Promise.all([queue.onIdle(), bursts.onIdle()]);
    },
    stream,
    async close() {
      closing.abort();
      queue.clear();
      bursts.clear();
      await stream.connection.close();
    },
  };
}
