import type { EventType } from '../events/index.ts';
import type { Metadata } from './turn.ts';

/**
 * Whether a run let an event pass that came between these two looks at it: its `listenFor` has a condition, and that said no.
 * A journey that handles the signal by itself does not show what it did with it; it counts as having taken it.
 */
export function letPass(type: EventType, before: Metadata | undefined, after: Metadata | undefined): boolean {
  if (!before || !after || before.signals.get(type) !== `${type} of this person`) return false;
  return !linesSince(before.story, after.story).some((line) => line.endsWith(` · ${type} came`));
}

/** The story loses its first lines where it grows too long. */
function linesSince(before: readonly string[], after: readonly string[]): readonly string[] {
  const lost = before.findIndex((_, from) => before.slice(from).every((line, index) => line === after[index]));
  return after.slice(lost < 0 ? 0 : before.length - lost);
}
