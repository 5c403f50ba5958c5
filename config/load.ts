import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { loadClientConnectConfig } from '@temporalio/envconfig';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

import { environmentSchema, type Environment } from './environment.ts';
import { type Config, configSchema } from './schema.ts';

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
 */
export function loadConfig(env: NodeJS.ProcessEnv): { config: Config; environment: Environment } {
  const set = withoutEmpty(env);
  const environment = environmentSchema.safeParse({ ...temporalProfile(set), ...set });
  const file = resolve(set['RIVULET_CONFIG'] ?? 'rivulet.yaml');
  const config = readConfigFile(file);
  const mistakes = [
    ...(environment.success
      ? []
      : environment.error.issues.map((issue) => `environment ${issue.path.join('.')}: ${issue.message}`)),
    ...config.mistakes,
  ];
  if (!environment.success || !config.config) throw new ConfigError(mistakes);
  return { config: config.config, environment: environment.data };
}

/** Address and namespace of Temporal's own configuration file, where there is one; the variables win over it. */
function temporalProfile(env: Record<string, string>): Record<string, string> {
  const { namespace, connectionOptions } = loadClientConnectConfig({ overrideEnvVars: env });
  const address = connectionOptions.address;
  return { ...(address && { TEMPORAL_ADDRESS: address }), ...(namespace && { TEMPORAL_NAMESPACE: namespace }) };
}

/** An empty variable is an unset one: `HTTP_PORT=` would otherwise become port 0. */
function withoutEmpty(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]));
}

function readConfigFile(file: string): { config?: Config; mistakes: string[] } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { mistakes: [`${file}: cannot be read. Set RIVULET_CONFIG to the path of your rivulet.yaml`] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    return {
      mistakes: document.errors.map(({ message, pos: [at] }) => {
        const { line, col } = lines.linePos(at);
        return `${file}:${line}:${col} ${message.replace(/ at line \d+, column \d+:[^]*/, '')}`;
      }),
    };
  }
  const result = configSchema.safeParse(document.toJS() ?? {});
  if (!result.success) {
    return { mistakes: inFileOrder(result.error.issues.flatMap((issue) => locate(file, lines, document, issue))) };
  }
  const { templates, ...rest } = result.data;
  return {
    config: { ...rest, templates: { ...templates, dir: resolve(dirname(file), templates.base_dir) } },
    mistakes: [],
  };
}

interface Mistake {
  offset: number;
  text: string;
}

function inFileOrder(mistakes: Mistake[]): string[] {
  return mistakes.toSorted((one, other) => one.offset - other.offset).map(({ text }) => text);
}

/** One clickable line for each issue: file:line:column, path, message. */
function locate(
  file: string,
  lines: LineCounter,
  document: ReturnType<typeof parseDocument>,
  issue: z.core.$ZodIssue,
): Mistake[] {
  const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
  const message = issue.code === 'unrecognized_keys' ? 'is no known key' : issue.message;
  return paths.map((path) => {
    const offset = offsetOf(document, path);
    const { line, col } = lines.linePos(offset);
    return { offset, text: `${file}:${line}:${col} ${path.join('.')}: ${message}` };
  });
}

/** Where the value stands, or its nearest ancestor that exists. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node) return (node.range as [number])[0];
  }
  return 0;
}
