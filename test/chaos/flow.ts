import { setTimeout as sleep } from 'node:timers/promises';

import PQueue from 'p-queue';

import { connectNats } from '../../ingress/nats.ts';

interface Publishable {
  event_id: string;
  event_type: string;
}

/** Events on their way into NATS, each until it is acknowledged. */
export interface Flow {
  /** Publishes the next `count` of the list it was made with, and then what `more` makes. */
  release(count: number): void;
  /** Of that list, how many have not been released. */
  readonly left: number;
  publish(event: Publishable): void;
  /** When everything released is acknowledged. */
  acknowledged(): Promise<void>;
  close(): Promise<void>;
}

export async function openFlow(
  natsUrl: string,
  events: readonly Publishable[],
  more: () => Publishable,
): Promise<Flow> {
  const stream = await connectNats(natsUrl, 'chaos');
  const queue = new PQueue({ concurrency: 20 });
  const closing = new AbortController();
  let next = 0;

  const untilAcknowledged = async (event: Publishable) => {
    const options = { msgID: event.event_id, timeout: 2_000 };
    while (!closing.signal.aborted) {
      try {
        await stream.js.publish(`marketing.events.${event.event_type}`, JSON.stringify(event), options);
        return;
      } catch {
        await sleep(200);
      }
    }
  };
  const publish = (event: Publishable) => void queue.add(() => untilAcknowledged(event));
  return {
    release(count) {
      for (let i = 0; i < count; i++) publish(events[next + i] ?? more());
      next += count;
    },
    get left() {
      return Math.max(0, events.length - next);
    },
    publish,
    acknowledged: () => queue.onIdle(),
    async close() {
      closing.abort();
      queue.clear();
      await stream.connection.close();
    },
  };
}
