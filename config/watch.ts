import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

import { configFile } from './load.ts';
import { type Check, parseConfig, type Parsed } from './parse.ts';
import type { Config } from './schema.ts';

interface Log {
  info: (facts: object, message: string) => void;
  warn: (facts: object, message: string) => void;
  error: (facts: object, message: string) => void;
}

const everyMs = 250;

/** A file that is being replaced is back within moments. One that is away for so many looks, five seconds, is gone. */
const looksUntilGone = 20;

/**
 * Follows rivulet.yaml, and gives the newest configuration that was right. `journeys` and the sending times of topics
 * take effect at once; whatever else is changed waits for a restart, and is told. A file with a mistake changes nothing:
 * each mistake is logged with its place. `check` sees what would take effect, and may find more mistakes.
 *
 * The file is read anew each time rather than watched. It is small, and this sees every kind of change: an editor that
 * writes, one that replaces the file, and a mounted config map, where a link above the file is turned.
 */
export function watchConfig(
  env: NodeJS.ProcessEnv,
  loaded: Config,
  log: Log,
  stop: AbortSignal,
  check: Check = () => [],
): () => Config {
  const file = configFile(env);
  const config = follow(file, loaded, log, check);
  const settled = settledText(file, log);
  const timer = setInterval(() => {
    const text = settled();
    if (text !== undefined) config.take(text);
  }, everyMs);
  timer.unref(); // a configuration alone keeps no process alive
  const end = () => clearInterval(timer);
  stop.addEventListener('abort', end, { once: true });
  if (stop.aborted) end();
  return config.current;
}

/**
 * Gives the text of the file when it is a new one. A text counts once two looks have found the same: a file caught
 * half written may well be valid, an empty one is, and would switch every rule off.
 */
function settledText(file: string, log: Log): () => string | undefined {
  let seen: string | undefined;
  let taken: string | undefined;
  let missed = 0;
  return () => {
    const text = textOf(file);
    if (text === undefined) {
      if (++missed === looksUntilGone) log.warn({ file }, 'rivulet.yaml is gone: what it said last stays in force');
      return undefined;
    }
    if (missed >= looksUntilGone) log.info({ file }, 'rivulet.yaml is back');
    missed = 0;
    const steady = text === seen;
    seen = text;
    if (!steady || text === taken) return undefined;
    taken = text;
    return text;
  };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function follow(file: string, loaded: Config, log: Log, check: Check) {
  let current = loaded;
  let refused = false;
  let waiting: string[] = [];
  const take = (text: string) => {
    const { config, mistakes } = judge(file, text, (next, at) => check(withoutRestart(loaded, next), at));
    if (!config) {
      refused = true;
      for (const mistake of mistakes)
        log.error({ mistake }, 'rivulet.yaml is refused: what it said before stays in force');
      return;
    }
    if (refused) log.info({ file }, 'rivulet.yaml is right again');
    refused = false;

    const next = withoutRestart(loaded, config);
    const keys = changedKeys(current, next);
    if (keys.length > 0) {
      current = next;
      log.info({ keys }, 'rivulet.yaml has changed: in force from now on');
    }

    const before = waiting;
    waiting = changedKeys(next, config);
    if (waiting.length > 0 && !isDeepStrictEqual(waiting, before))
      log.warn({ keys: waiting }, 'rivulet.yaml has changed: these keys need a restart, and stay as they were');
  };
  return { take, current: () => current };
}

/** A fault of a check itself must not end a process that ran well before somebody saved a file. */
function judge(file: string, text: string, check: Check): Parsed {
  try {
    return parseConfig(file, text, check);
  } catch (error) {
    return { mistakes: [`${file}: could not be checked: ${String(error)}`] };
  }
}

/** What of `next` may take effect in a running process: all else was read once, when it started. */
function withoutRestart(loaded: Config, next: Config): Config {
  const topics = Object.entries(loaded.topics).map(([name, topic]) => {
    const { quiet_hours, send_window } = next.topics[name] ?? topic;
    return [name, { ...topic, quiet_hours, send_window }] as const;
  });
  return { ...loaded, journeys: next.journeys, topics: Object.fromEntries(topics) };
}

/** The keys that say something else, as "provider.rate_limit". */
function changedKeys(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [path.join('.')];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys]
    .toSorted()
    .flatMap((key) => changedKeys(before[key], after[key], [...path, key]))
    .filter((key) => key !== 'templates.dir'); // no key of the file: it follows from base_dir
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
