import type { CliContext } from '../context.ts';
import { NotDone } from '../wrong-use.ts';
import { schemasAt } from './at-ref.ts';
import { type BreakingChange, breakingChanges } from './breaking-changes.ts';
import { eventSchemas } from './event-schema.ts';
import { vocabulary } from './vocabulary.ts';

/** Compares the events of this folder with those at a git ref. Throws NotDone if one is breaking. */
export async function checkEvents({ root, print }: CliContext, against: string): Promise<void> {
  const now = eventSchemas(vocabulary);
  const { commit, schemas } = await schemasAt(root, against);
  const changes = [...inAllTypes(breakingChanges(schemas, now))];
  for (const [text, types] of changes) {
    print(`${types.length === schemas.size ? 'every event type' : types.join(', ')}${text}`);
  }
  if (changes.length > 0) {
    const count = `${changes.length} breaking ${changes.length === 1 ? 'change' : 'changes'}`;
    throw new NotDone(`${count} since ${against} (${commit}).`);
  }
  print(`${now.size} event types: nothing breaks producers or running journeys since ${against} (${commit})`);
}

/** Each change with the types that it is in: what every event has changes in all of them. */
function inAllTypes(changes: readonly BreakingChange[]): Map<string, string[]> {
  const types = new Map<string, string[]>();
  for (const { type, field, change, breaks, instead } of changes) {
    const text = `${field === '' ? '' : ` ${field}`}: ${change}\n  breaks ${breaks}\n  ${instead}`;
    types.set(text, [...(types.get(text) ?? []), type]);
  }
  return types;
}
