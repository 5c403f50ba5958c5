import { createEntry } from '../../ingress/entry/enter.ts';
import { temporalFor } from '../connect/temporal.ts';
import type { CliContext } from '../context.ts';
import { withStore } from '../store.ts';
import { NotDone } from '../wrong-use.ts';
import { type Choice, choose } from './choose.ts';
import { createForecast, type Forecast } from './forecast.ts';
import type { Letter } from './letter.ts';
import { printableLine } from './printable.ts';
import { publicationOf, type ReplayOptions } from './publication.ts';
import { replayLetter } from './replay-letter.ts';
import { type DeadLetterStream, withDeadLetters } from './stream.ts';

/** Of the letters that were left, how many are named. */
const mostNamed = 20;

type Result = 'replayed' | 'gone' | { left: string };

/**
 * Replays the chosen letters one after another, oldest first. Those that would be refused again are left. Throws NotDone when some
 * were left.
 */
export async function replay({ env, print }: CliContext, choice: Choice, options: ReplayOptions): Promise<void> {
  const counts = { replayed: 0, gone: 0, left: 0 };
  await withDeadLetters(env, async (stream) => {
    const chosen = await choose(stream, choice);
    print(chosen.count === 1 ? '1 dead letter matches.' : `${chosen.count} dead letters match.`);
    for await (const { seq } of chosen.letters()) {
      const result = await replayOne(stream, seq, options);
      if (typeof result === 'string') {
        counts[result] += 1;
        continue;
      }
      counts.left += 1;
      if (counts.left <= mostNamed) print(`  ${seq}  ${result.left}`);
    }
  });
  if (counts.left > mostNamed) print(`  and ${counts.left - mostNamed} more`);
  print(`Replayed ${counts.replayed}. An event that the ingress refuses again becomes a new dead letter.`);
  if (counts.gone > 0) print(`Already gone: ${counts.gone}, which another command replayed or discarded.`);
  if (counts.left > 0) {
    throw new NotDone(
      `Not replayed: ${counts.left}. Fix one with rivulet dead-letters replay --edit <seq>; --dry-run shows why for all.`,
    );
  }
}

async function replayOne(stream: DeadLetterStream, seq: number, options: ReplayOptions): Promise<Result> {
  const letter = await stream.read(seq);
  if (letter === undefined) return 'gone';
  const publication = publicationOf(stream.name, letter, options);
  if ('invalid' in publication) return { left: `still invalid: ${printableLine(publication.invalid, 300)}` };
  const replayed = await replayLetter(stream, seq, publication);
  return replayed === 'replayed' ? 'replayed' : { left: 'another command has just replayed it with other content' };
}

/** Says for each of the chosen letters what a replay would do. Sends and changes nothing. */
export async function dryRun(context: CliContext, choice: Choice, options: ReplayOptions): Promise<void> {
  const { env, print } = context;
  const counts = new Map<Forecast['kind'] | Told['kind'], number>();
  await withDeadLetters(env, (stream) =>
    withForecast(context, async (forecast) => {
      const chosen = await choose(stream, choice);
      for await (const letter of chosen.letters()) {
        const { kind, why } = await foresee(stream, letter, options, forecast);
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
        print(`${lineOf(letter, kind)}${why === undefined ? '' : `: ${printableLine(why, 300)}`}`);
      }
    }),
  );
  const summary = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'no dead letter matches';
  print(`Dry run, nothing was sent: ${summary}.`);
}

/** What is said of letters that are not about an event, or are gone. */
interface Told {
  kind: 'is processed as feedback' | 'is left to the ingress' | 'is gone';
  why?: string;
}

async function foresee(
  stream: DeadLetterStream,
  { seq }: Letter,
  options: ReplayOptions,
  forecast: ReturnType<typeof createForecast>,
): Promise<Forecast | Told> {
  const letter = await stream.read(seq);
  if (letter === undefined) return { kind: 'is gone' };
  const publication = publicationOf(stream.name, letter, options);
  if ('invalid' in publication) return { kind: 'still invalid', why: publication.invalid };
  if (publication.parsed) return forecast(seq, publication.parsed);
  return { kind: options.force ? 'is left to the ingress' : 'is processed as feedback' };
}

function withForecast(
  { env }: CliContext,
  use: (forecast: ReturnType<typeof createForecast>) => Promise<void>,
): Promise<void> {
  return withStore(env, async ({ store, config }) => {
    const { client, close } = await temporalFor(env);
    try {
      const entry = createEntry({ store, config: () => config, isRunning: async () => true });
      await use(createForecast({ store, entry, client }));
    } finally {
      await close();
    }
  });
}

function lineOf({ seq, reason, type, user, eventId }: Letter, kind: string): string {
  const about = [reason, type, user, eventId].filter((text) => text !== '').map((text) => printableLine(text, 128));
  return `${seq}  ${about.join(' ')}  ${kind}`;
}
