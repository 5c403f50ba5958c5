import type { ConsumerInfo, JetStreamManager, StoredMsg } from '@nats-io/jetstream';

/**
 * The first message of each subject that a consumer has not been told is processed; in what order they came to the stream does not
 * matter. Those behind them may be processed already.
 */
export async function firstUnprocessed(
  manager: JetStreamManager,
  { stream_name: stream, ack_floor: floor }: ConsumerInfo,
  subjects: readonly string[],
): Promise<StoredMsg[]> {
  const found = await Promise.all(
    // The client's types know the number alone; the server finds the next message of a subject from there on.
    subjects.map((next_by_subj) => {
      const firstAfter = { seq: floor.stream_seq + 1, next_by_subj };
      return manager.streams.getMessage(stream, firstAfter);
    }),
  );
  return found.filter((message) => message !== null);
}
