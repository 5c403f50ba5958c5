import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import type { Redis } from './connect.ts';

/** What one script call takes: its keys, then its arguments. */
export type Script<Reply> = (keys: readonly string[], args: readonly Argument[]) => Promise<Reply>;

type Argument = string | number;

/**
 * A Lua script from a file of this folder, which Redis runs as one step. It is called by its hash; a Redis that does not know
 * it (new, restarted, SCRIPT FLUSH) gets its text and runs that.
 *
 * The file begins with a header that names its keys and arguments, a line each: `KEYS[1]  what it is`.
 */
export function defineScript<Reply>(redis: Redis, file: string): Script<Reply> {
  const { lua, numberOfKeys } = loadScript(file);
  const command = `rivulet:${basename(file, '.lua')}`;
  redis.defineCommand(command, { numberOfKeys, lua });
  const call = (redis as unknown as Record<string, (...args: Argument[]) => Promise<Reply>>)[command];
  if (!call) throw new Error(`ioredis did not define ${command}`);
  return (keys, args) => call.apply(redis, [...keys, ...args]);
}

/** The text of a script with the files it includes, and how many keys its header names. */
export function loadScript(file: string): { lua: string; numberOfKeys: number } {
  const lua = withIncludes(file, new Set());
  const [header = ''] = /^--\[\[.*?\]\]/s.exec(lua) ?? [];
  return { lua, numberOfKeys: header.match(/^ +KEYS\[\d+\]/gm)?.length ?? 0 };
}

const include = /^--- @include "([\w.-]+)"$/gm;

/** Puts each included file where it is first asked for. */
function withIncludes(file: string, included: Set<string>): string {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return text.replace(include, (_, other: string) => {
    if (included.has(other)) return '';
    included.add(other);
    return withIncludes(other, included);
  });
}
