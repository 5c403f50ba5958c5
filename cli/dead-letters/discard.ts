import type { CliContext } from '../context.ts';
import { WrongUse } from '../wrong-use.ts';
import { type Choice, choose } from './choose.ts';
import { withDeadLetters } from './stream.ts';

/** Deletes the chosen letters. Those that are not named one by one need `yes`: throws WrongUse, with their number, without it. */
export async function discard({ env, print }: CliContext, choice: Choice, yes: boolean): Promise<void> {
  await withDeadLetters(env, async (stream) => {
    const { count, letters } = await choose(stream, choice);
    const are = count === 1 ? '1 dead letter matches' : `${count} dead letters match`;
    if (choice.seqs.length === 0 && !yes && count > 0) {
      throw new WrongUse(`${are}. Discarding can't be undone: add --yes. Nothing was discarded.`);
    }
    let discarded = 0;
    for await (const { seq } of letters()) if (await stream.remove(seq)) discarded += 1;
    print(`Discarded ${discarded}.`);
  });
}
