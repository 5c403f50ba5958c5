import Table from 'cli-table3';

import type { CliContext } from '../context.ts';
import { when } from '../gate.ts';
import { matches } from './choose.ts';
import type { Letter } from './letter.ts';
import { printableLine } from './printable.ts';
import { withDeadLetters } from './stream.ts';
import { compileWhere } from './where.ts';

export interface ListOptions {
  where?: string;
  limit: number;
  json?: true;
}

/** Prints letters, oldest first, and how many there are of each reason. */
export async function list({ env, print }: CliContext, { where, limit, json }: ListOptions): Promise<void> {
  const holds = where === undefined ? () => true : compileWhere(where);
  const shown: Letter[] = [];
  const counts = new Map<string, number>();
  await withDeadLetters(env, async (stream) => {
    for await (const letter of matches(stream, holds)) {
      counts.set(letter.reason, (counts.get(letter.reason) ?? 0) + 1);
      if (shown.length < limit) shown.push(letter);
    }
  });
  if (json) return print(JSON.stringify(shown.map(asJson), undefined, 2));
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (all === 0) return print(where === undefined ? 'There are no dead letters.' : 'No dead letter matches.');
  print(asTable(shown));
  for (const [reason, count] of [...counts].toSorted(([, one], [, other]) => other - one)) {
    print(`${String(count).padStart(7)}  ${printableLine(reason, 60)}`);
  }
  if (all > shown.length) print(`The oldest ${shown.length} of ${all} are shown; --limit shows more.`);
}

function asJson({ at, eventId, ...letter }: Letter) {
  return { ...letter, time: new Date(at).toISOString(), event_id: eventId };
}

function asTable(letters: readonly Letter[]): string {
  const table = new Table({
    head: ['seq', 'time', 'reason', 'type', 'user', 'event id', 'replays', 'error'],
    style: { head: [], border: [] },
  });
  const cell = (text: string, length: number) => printableLine(text, length) || '-';
  for (const { seq, at, reason, type, user, eventId, replays, error } of letters) {
    table.push([
      seq,
      when(at),
      cell(reason, 30),
      cell(type, 30),
      cell(user, 40),
      cell(eventId, 40),
      replays,
      cell(error, 60),
    ]);
  }
  return table.toString();
}
