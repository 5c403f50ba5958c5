import type { HistoryEntry, TemplateVersions } from '../../store/template-versions.ts';
import { NotDone, WrongUse } from '../wrong-use.ts';

/** What was done to a template, the oldest first. Throws when it was never published. */
export async function historyOf(versions: TemplateVersions, name: string): Promise<HistoryEntry[]> {
  const history = await versions.history(name);
  if (history.length > 0) return history;
  const there = [...(await versions.live()).keys()].toSorted();
  throw new NotDone(
    `No template "${name}" is published; ${there.length > 0 ? `there are ${there.join(', ')}` : 'nothing is'}.`,
  );
}

/** The whole version for its first letters. */
export function versionIn(history: readonly HistoryEntry[], start: string): string {
  const found = [...new Set(history.map(({ version }) => version))].filter((version) => version.startsWith(start));
  const [version, other] = found;
  if (version !== undefined && other === undefined) return version;
  const all = [...new Set(history.map((entry) => entry.version))].join(', ');
  throw new WrongUse(
    version === undefined
      ? `No version "${start}" was ever published; there are ${all}.`
      : `"${start}" may be ${found.join(' or ')}: give more of it.`,
  );
}

/**
 * What was live before the version that is live now. Rollbacks are steps back, not versions of their own: after publish A, B,
 * C and two rollbacks A is live, not C.
 */
export function liveBefore(history: readonly HistoryEntry[]): string | undefined {
  const stack: string[] = [];
  for (const { action, version, live } of history) {
    if (!live || stack.at(-1) === version) continue;
    const at = stack.lastIndexOf(version);
    if (action === 'rollback' && at >= 0) stack.length = at + 1;
    else stack.push(version);
  }
  return stack.at(-2);
}
