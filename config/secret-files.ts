import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

import { ConfigError } from './load.ts';
import { readSmallFile, shownPath, whyUnreadable } from './small-file.ts';

/**
 * Variables that hold a secret, or a URL that may contain one. Each may be set as `<NAME>_FILE` instead: the path of a file with the
 * value, as Docker and Kubernetes mount secrets.
 */
export const secretVariables = [
  'RIVULET_SECRET',
  'RIVULET_SECRET_PREVIOUS',
  'NATS_URL',
  'REDIS_URL',
  'REDIS_SENTINEL_PASSWORD',
  'POSTGRES_URL',
  'POSTGRES_MIGRATION_URL',
  'SMTP_URL',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
] as const;

/** Anything longer is not a secret but the wrong file. */
const longest = 64 * 1024;

/**
 * Completes an environment in place: with the contents of the files that its `<NAME>_FILE` variables name, and with what only `.env` in
 * the current folder sets. Throws one ConfigError that lists every file that cannot be used. No message contains a value.
 */
export function completeEnvironment(env: NodeJS.ProcessEnv, dotEnv = readDotEnv()): void {
  const complete = { ...readSecretFiles(dotEnv), ...readSecretFiles(env) };
  for (const name of secretVariables) delete env[`${name}_FILE`];
  Object.assign(env, complete);
}

function readDotEnv(): NodeJS.ProcessEnv {
  return existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
}

/** The environment with the contents of its secret files in place of their paths. */
function readSecretFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const mistakes: string[] = [];
  const complete = { ...env };
  for (const name of secretVariables) {
    const variable = `${name}_FILE`;
    const file = env[variable];
    delete complete[variable];
    if (!file) continue;
    if (env[name]) mistakes.push(`environment ${name} and ${variable} are both set. Set one of them`);
    else complete[name] = contentOf(file, variable, mistakes);
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return complete;
}

function contentOf(file: string, variable: string, mistakes: string[]): string | undefined {
  const refuse = (why: string) => void mistakes.push(`environment ${variable}: ${shownPath(file)}: ${why}`);
  try {
    const content = readSmallFile(file).trim();
    if (content === '') refuse('empty file');
    else if (content.length > longest) refuse('longer than 64 KB');
    else if (content.includes('\0')) refuse('not text');
    else return content;
  } catch (error) {
    refuse(whyUnreadable(error));
  }
  return undefined;
}
