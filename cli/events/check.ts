import type { CliContext } from '../context.ts';
import { NotDone } from '../wrong-use.ts';
import { schemasAt } from './at-ref.ts';
import { breakingChanges } from './breaking-changes.ts';
import { eventSchemas } from './event-schema.ts';
import { vocabulary } from './vocabulary.ts';

/** Compares the events of this folder with those at a git ref. Throws NotDone if a change breaks somebody. */
export async function checkEvents({ root, print }: CliContext, against: string): Promise<void> {
  const now = eventSchemas(vocabulary);
  const { commit, schemas } = await schemasAt(root, against);
  const changes = breakingChanges(schemas, now);
  for (const { type, field, change, breaks, instead } of changes) {
    print([type, field].filter(Boolean).join(' ') + `: ${change}`);
    print(`  breaks ${breaks}`);
    print(`  ${instead}`);
  }
  if (changes.length > 0) {
    throw new NotDone(
      `${changes.length} breaking ${changes.length === 1 ? 'change' : 'changes'} since ${against} (${commit}), in ${new Set(changes.map(({ type }) => type)).size} of ${schemas.size} event types.`,
    );
  }
  print(`${now.size} event types: nothing breaks producers or running journeys since ${against} (${commit})`);
}
