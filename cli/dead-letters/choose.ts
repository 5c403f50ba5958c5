import { NotDone, WrongUse } from '../wrong-use.ts';
import type { Letter } from './letter.ts';
import type { DeadLetterStream } from './stream.ts';
import { compileWhere } from './where.ts';

/** Which letters a command is about: by number, by a filter, or all of them. */
export interface Choice {
  seqs: number[];
  where?: string;
  all?: true;
}

/** The chosen letters. `count` is known before anything is done to one. */
export interface Chosen {
  count: number;
  letters(): AsyncIterable<Letter>;
}

/**
 * Returns the letters that are chosen. Throws WrongUse unless there is exactly one way of choosing, or when the filter has a mistake;
 * NotDone when a letter that is named is not there.
 */
export async function choose(stream: DeadLetterStream, { seqs, where, all }: Choice): Promise<Chosen> {
  refuseUnlessOne({ seqs, where, all });
  if (seqs.length > 0) return named(stream, [...new Set(seqs)]);
  if (where === undefined) return { count: await stream.count(), letters: () => stream.letters() };
  const matching = () => matches(stream, compileWhere(where));
  let count = 0;
  for await (const _ of matching()) count += 1;
  return { count, letters: matching };
}

function refuseUnlessOne({
  seqs,
  where,
  all,
}: {
  seqs: number[];
  where: string | undefined;
  all: true | undefined;
}): void {
  const ways = [seqs.length > 0, where !== undefined, all].filter(Boolean).length;
  if (ways === 1) return;
  throw new WrongUse(
    'Choose dead letters in exactly one way: <seq>..., --where <expression> or --all. rivulet dead-letters list shows them.',
  );
}

async function named(stream: DeadLetterStream, seqs: number[]): Promise<Chosen> {
  const found: Letter[] = [];
  for (const seq of seqs) {
    const letter = await stream.read(seq);
    if (letter === undefined) throw notFound(seq);
    const { data: _, fields: __, ...facts } = letter;
    found.push(facts);
  }
  return {
    count: found.length,
    async *letters() {
      yield* found;
    },
  };
}

/** Of a letter that is not in the stream, or not any more. */
export function notFound(seq: number): NotDone {
  return new NotDone(
    `Dead letter not found: ${seq}. It may have been replayed, discarded or expired. rivulet dead-letters list shows those that exist.`,
  );
}

/** The letters for which a filter holds, oldest first. */
export async function* matches(stream: DeadLetterStream, holds: (letter: Letter) => boolean): AsyncGenerator<Letter> {
  for await (const letter of stream.letters()) if (holds(letter)) yield letter;
}
