import type { Template } from '../templates/catalogue.ts';
import { type DiffLine, diffLines } from '../templates/line-diff.ts';
import { publishedVersion } from './look.ts';
import type { HistoryEntry, Versions } from './product.ts';
import type { View } from './view.ts';

/** What stands for the files in the place of a version. */
export const filesVersion = 'files';

export interface History {
  live?: string;
  pinned?: string;
  /** Newest first. */
  entries: HistoryEntry[];
  /** Every published version once, newest first. */
  versions: string[];
}

export interface Comparison {
  left: Side;
  right: Side;
  /** The files that differ. */
  files: FileDiff[];
}

/** One version; `template` is absent when there is no such version. */
export interface Side {
  version: string;
  template?: Template;
}

export interface FileDiff {
  file: string;
  lines: DiffLine[];
}

/** Why published versions cannot be shown. */
export function postgresUnavailable({ message }: Error): string {
  return `Postgres does not answer (${message})`;
}

/** Rejects while Postgres is unavailable. */
export async function historyOf(name: string, versions: Versions): Promise<History> {
  const [live, pinned, history] = await Promise.all([versions.live(), versions.pinned(), versions.history(name)]);
  const entries = history.toReversed();
  const [liveVersion, pinnedVersion] = [live.get(name), pinned.get(name)];
  return {
    ...(liveVersion !== undefined && { live: liveVersion }),
    ...(pinnedVersion !== undefined && { pinned: pinnedVersion }),
    entries,
    versions: [...new Set(entries.map(({ version }) => version))],
  };
}

/** Two versions side by side: those of the view, else what is live and what the files say. Rejects while Postgres is unavailable. */
export async function compareVersions(
  view: View,
  files: Template | undefined,
  { live }: History,
  versions: Versions,
): Promise<Comparison> {
  const side = async (version: string): Promise<Side> => {
    const template = version === filesVersion ? files : await publishedVersion(view.template, version, versions);
    return { version, ...(template && { template }) };
  };
  const [left, right] = await Promise.all([side(view.left || live || filesVersion), side(view.right || filesVersion)]);
  return { left, right, files: left.template && right.template ? diffSources(left.template, right.template) : [] };
}

function diffSources(left: Template, right: Template): FileDiff[] {
  const [before, after] = [left.compiled.sources, right.compiled.sources];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .toSorted()
    .filter((file) => before[file] !== after[file])
    .map((file) => ({ file, lines: diffLines(before[file] ?? '', after[file] ?? '') }));
}
