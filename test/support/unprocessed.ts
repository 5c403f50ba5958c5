import { eventConsumers, retryConsumers } from '../../ingress/consumers.ts';
import type { JetStream } from '../../runtime/nats-connection.ts';
import { streamSettings } from './own-nats.ts';

/** How many messages no ingress has answered yet. The lanes first: one that fails moves from there to the retries. */
export async function unprocessed({ manager }: Pick<JetStream, 'manager'>): Promise<number> {
  let sum = 0;
  for (const { name, stream } of [...eventConsumers(), ...retryConsumers]) {
    const { num_pending, num_ack_pending } = await manager.consumers.info(streamSettings[stream], name);
    sum += num_pending + num_ack_pending;
  }
  return sum;
}
