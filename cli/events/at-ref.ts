import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { NotDone, WrongUse } from '../wrong-use.ts';
import { eventSchemas } from './event-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface SchemasAtRef {
  /** Short. */
  commit: string;
  schemas: Map<string, JsonSchema>;
}

/**
 * Returns the schemas of the events as they were at a git ref, made by the export of this version from the code of that one: a change of
 * the export itself is no change of an event. Throws WrongUse for an unknown ref, NotDone where its events cannot be loaded.
 */
export async function schemasAt(root: string, ref: string): Promise<SchemasAtRef> {
  const commit = commitOf(root, ref);
  const short = commit.slice(0, 12);
  // In the project, so that the packages are found that the events import.
  mkdirSync(join(root, '.rivulet'), { recursive: true });
  const folder = mkdtempSync(join(root, '.rivulet', 'events-at-'));
  try {
    unpack(root, commit, folder);
    return { commit: short, schemas: eventSchemas(await load(join(folder, 'events'))) };
  } catch (error) {
    // The message of a loader continues with a code frame or a stack of paths.
    const message = (error as Error).message.split('\n').slice(0, 2).join(' ').trim();
    throw new NotDone(
      `The events at ${ref} (${short}) could not be loaded: ${message.replaceAll(`${folder}/`, '')}\nCompare with a ref at which they are in events/ and need no other packages than those installed here.`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function commitOf(root: string, ref: string): string {
  try {
    git(root, ['rev-parse', '--git-dir']);
  } catch (error) {
    const isMissing = (error as { code?: unknown }).code === 'ENOENT';
    throw new WrongUse(isMissing ? 'git is not installed.' : `${root} is in no git repository.`);
  }
  try {
    return git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])
      .toString()
      .trim();
  } catch {
    throw new WrongUse(
      `Unknown git ref "${ref}" in ${root}. Use an existing branch, tag or commit. In a shallow clone, run "git fetch --depth 1 origin <branch>" and use --against FETCH_HEAD.`,
    );
  }
}

function unpack(root: string, commit: string, folder: string): void {
  const archive = git(root, ['archive', '--format=tar', commit, 'events']);
  execFileSync('tar', ['-x', '-C', folder], { input: archive, stdio: ['pipe', 'ignore', 'pipe'] });
}

function git(cwd: string, args: string[]): Buffer {
  // In English, since its messages are shown.
  const env = { ...process.env, LC_ALL: 'C' };
  return execFileSync('git', args, { env, cwd, maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function load(folder: string): Promise<Vocabulary> {
  const module = async (file: string) => {
    if (!existsSync(join(folder, file))) throw new Error(`events/${file} is missing`);
    return (await import(pathToFileURL(join(folder, file)).href)) as Record<string, unknown>;
  };
  const [{ eventTypes }, { envelope }, { contact, consent }] = [
    await module('index.ts'),
    await module('envelope.ts'),
    await module('person.ts'),
  ];
  const found = { eventTypes, envelope, contact, consent };
  const missing = Object.entries(found).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length > 0) throw new Error(`events/ exports no ${missing.join(', ')}`);
  return found as unknown as Vocabulary;
}
