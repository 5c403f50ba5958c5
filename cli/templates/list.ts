import Table from 'cli-table3';

import type { HistoryEntry } from '../../store/template-versions.ts';
import type { CliContext } from '../context.ts';
import { when } from '../gate.ts';
import { withTemplates } from '../store.ts';

/** One row a template. */
export function list({ env, print }: CliContext, { json = false }: { json?: boolean }): Promise<void> {
  return withTemplates(env, async (versions) => {
    const [live, pinned] = await Promise.all([versions.live(), versions.pinned()]);
    const rows = await Promise.all(
      [...live]
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(async ([name, version]) => {
          const history = await versions.history(name);
          const since = history.findLast((entry) => entry.live && entry.version === version);
          return { name, version, pinned: pinned.has(name), ...sinceOf(since), versions: countVersions(history) };
        }),
    );
    if (json) return print(JSON.stringify(rows, undefined, 2));
    if (rows.length === 0) return print('No template is published. A worker publishes the first version of each.');
    const table = new Table({
      head: ['template', 'live', 'since', 'by', 'why', 'versions'],
      style: { head: [], border: [], compact: true },
      chars,
    });
    for (const row of rows) {
      const version = row.pinned ? `${row.version} (pinned)` : row.version;
      table.push([row.name, version, when(row.since), row.by, row.why, row.versions]);
    }
    print(table.toString());
  });
}

const bars = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const lines = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
const chars = { ...Object.fromEntries([...bars, ...lines].map((name) => [name, ''])), middle: ' ' };

function sinceOf(entry: HistoryEntry | undefined) {
  return { since: entry?.at ?? 0, by: entry?.author ?? '', why: entry?.message ?? '' };
}

function countVersions(history: readonly HistoryEntry[]): number {
  return new Set(history.map(({ version }) => version)).size;
}
