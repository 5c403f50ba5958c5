import { ServerAway, ServerRefuses } from '../wrong-use.ts';
import type { Letter } from './letter.ts';
import { matches } from './choose.ts';
import { withDeadLetters } from './stream.ts';

/** Returns the dead letters of an event, oldest first; undefined when NATS is unavailable. */
export async function refusalsOf(env: NodeJS.ProcessEnv, eventId: string): Promise<Letter[] | undefined> {
  try {
    return await withDeadLetters(env, async (stream) => {
      const found: Letter[] = [];
      for await (const letter of matches(stream, (each) => each.eventId === eventId)) found.push(letter);
      return found;
    });
  } catch (error) {
    if (error instanceof ServerAway && !(error instanceof ServerRefuses)) return undefined;
    throw error;
  }
}
