import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface FileWatch {
  /** Looks no more, and returns when what it has begun to tell is done. */
  close(): Promise<void>;
}

/** Where to look, and for what. */
export interface Watched {
  /** Folders, with all that is in them, and single files. What does not exist yet may come. */
  paths: readonly string[];
  concerns: (file: string) => boolean;
  everyMs?: number;
}

/**
 * Calls `changed` with the files that have new content, are new, or are gone. Saves that come together are told together:
 * it waits until a look finds nothing new. While one call runs the next one waits, and is told of all that came meanwhile.
 *
 * It looks at the files, ten times a second, rather than having the system tell: that is told differently on every system,
 * and not at all in some containers, and editors that replace a file get lost. A look at 150 files takes a millisecond.
 */
export function watchFiles(
  { paths, concerns, everyMs = 100 }: Watched,
  changed: (files: string[]) => Promise<void>,
): FileWatch {
  let known = look(paths, concerns, new Map());
  const fresh = new Set<string>();
  let telling: Promise<void> | undefined;
  const timer = setInterval(() => {
    const now = look(paths, concerns, known);
    const news = differences(known, now);
    known = now;
    for (const file of news) fresh.add(file);
    if (news.length > 0 || fresh.size === 0 || telling) return;
    telling = changed([...fresh]).finally(() => (telling = undefined));
    fresh.clear();
  }, everyMs);
  return {
    async close() {
      clearInterval(timer);
      await telling;
    },
  };
}

interface Seen {
  stamp: string;
  content: string;
}

/** A file whose stamp is the old one is not read again. */
function look(paths: readonly string[], concerns: Watched['concerns'], known: Map<string, Seen>): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  for (const file of paths.flatMap(filesIn)) {
    if (!concerns(file)) continue;
    try {
      const { mtimeMs, size, ino } = statSync(file);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      const before = known.get(file);
      seen.set(file, before?.stamp === stamp ? before : { stamp, content: hash(file) });
    } catch {
      // It went away this instant: the next look finds it gone, or back.
    }
  }
  return seen;
}

/** What starts with a dot is no source: editors keep their unsaved copies there. */
function filesIn(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
      .flatMap((entry) => (entry.isFile() ? [join(path, entry.name)] : filesIn(join(path, entry.name))));
  } catch {
    return [];
  }
}

function hash(file: string): string {
  return createHash('sha1').update(readFileSync(file)).digest('hex');
}

function differences(before: Map<string, Seen>, now: Map<string, Seen>): string[] {
  const changed = [...now.keys()].filter((file) => before.get(file)?.content !== now.get(file)?.content);
  return [...changed, ...[...before.keys()].filter((file) => !now.has(file))];
}
