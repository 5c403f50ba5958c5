import type { Publication } from './publication.ts';
import type { DeadLetterStream } from './stream.ts';

/** In ms. */
const publishWithinMs = 10_000;

/**
 * What became of a letter. `replayed`: its message is in the stream of events, and the letter is deleted. `otherwise`: another
 * command has just replayed the letter with other content; it is left alone.
 */
export type Replayed = 'replayed' | 'otherwise';

/**
 * Publishes a message in place of its letter, and deletes the letter once JetStream has the message. It may be interrupted and
 * repeated, and run twice at the same time: JetStream recognises the second copy within its duplicate window, and the ingress
 * recognises its event at any time.
 */
export async function replayLetter(
  { js, manager, remove }: DeadLetterStream,
  seq: number,
  { subject, bytes, fields, id }: Publication,
): Promise<Replayed> {
  const ack = await js.publish(subject, bytes, { msgID: id, headers: fields, timeout: publishWithinMs });
  if (ack.duplicate) {
    const stored = await manager.streams.getMessage(ack.stream, { seq: ack.seq });
    const isSame = stored?.subject === subject && Buffer.compare(stored.data, bytes) === 0;
    if (stored && !isSame) return 'otherwise';
  }
  await remove(seq);
  return 'replayed';
}
