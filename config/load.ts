import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { loadClientConfigProfile } from '@temporalio/envconfig';

import { environmentSchema, type Environment } from './environment.ts';
import { readNatsAccess } from './nats-access.ts';
import { type Check, parseConfig, type Parsed } from './parse.ts';
import type { Config } from './schema.ts';

export type { Check } from './parse.ts';

/** Everything that is wrong with the configuration, at once; each line says where and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n  ${mistakes.join('\n  ')}`,
    );
    this.mistakes = mistakes;
  }
}

/**
 * Reads rivulet.yaml (at RIVULET_CONFIG) and the environment. Throws one ConfigError that lists every mistake of both.
 * `check` adds what the schema cannot know; it is asked only about a file that the schema finds right.
 */
export function loadConfig(
  env: NodeJS.ProcessEnv,
  check: Check = () => [],
): { config: Config; environment: Environment } {
  const set = withoutEmpty(env);
  const environment = environmentSchema.safeParse({ ...temporalProfile(set), ...set });
  const { config, mistakes } = readConfig(configFile(env), check);
  const ofNats = readNatsAccess(set).mistakes;
  if (!environment.success || !config || ofNats.length > 0) {
    const ofEnvironment = environment.error?.issues ?? [];
    throw new ConfigError([
      ...ofEnvironment.map((issue) => `environment ${issue.path.join('.')}: ${issue.message}`),
      ...ofNats,
      ...mistakes,
    ]);
  }
  return { config, environment: environment.data };
}

/** The path of the rivulet.yaml that this environment names. */
export function configFile(env: NodeJS.ProcessEnv): string {
  return resolve(withoutEmpty(env)['RIVULET_CONFIG'] ?? 'rivulet.yaml');
}

/** An empty variable is an unset one: `HTTP_PORT=` would otherwise become port 0. */
function withoutEmpty(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]));
}

/** Address and namespace of Temporal's own configuration file, where there is one; the variables win over it. */
function temporalProfile(env: Record<string, string>): Record<string, string> {
  try {
    const { address, namespace } = loadClientConfigProfile({ overrideEnvVars: env });
    return { ...(address && { TEMPORAL_ADDRESS: address }), ...(namespace && { TEMPORAL_NAMESPACE: namespace }) };
  } catch {
    // Without the parser's words: they may quote the file, and with it an API key.
    const where = env['TEMPORAL_CONFIG_FILE'] ?? "Temporal's configuration file";
    throw new ConfigError([`${where} cannot be used, or lacks the profile that TEMPORAL_PROFILE names`]);
  }
}

function readConfig(file: string, check: Check): Parsed {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { mistakes: [`${file}: cannot be read. Set RIVULET_CONFIG to the path of your rivulet.yaml`] };
  }
  return parseConfig(file, text, check);
}
