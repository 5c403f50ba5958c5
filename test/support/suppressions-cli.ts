import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';

import { importFile } from '../../cli/suppressions/import.ts';
import { createKeys } from '../../state/keys.ts';
import { createMemory, type Memory } from '../../state/memory.ts';
import { agreeOnSecret } from '../../state/secret.ts';
import type { Suppression } from '../../state/suppressions.ts';
import { compiledCli } from './compiled-cli.ts';

const secret = '5ec7e75e'.repeat(8);
export const noSecret = { RIVULET_SECRET: '' };
export const ada = 'ada@example.com';

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** `rivulet suppressions` in a folder of a file's own, where each test has its own part of Redis. */
export interface SuppressionsCli {
  /** What a worker with the same rivulet.yaml and secret remembers. */
  readonly memory: Memory;
  /** Begins with nothing in Redis, under a rivulet.yaml with this in it too. */
  configure(more?: { suppression?: object; provider?: object }): void;
  inFolder(name: string): string;
  rivulet(command: string, env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** The same for a file to import, without a process of its own. */
  imports(name: string, env?: NodeJS.ProcessEnv): Promise<string>;
  /** In an order of their own: Redis gives them in any. */
  suppressionsOf(address: string): Promise<Suppression[]>;
  toTell(): Promise<string[]>;
  /** The names of all that this test's deployment has in Redis. */
  everything(): Promise<string[]>;
  /** As a worker with this secret does when it starts. */
  agreeOnSecret(): Promise<boolean>;
}

export function suppressionsCli(): SuppressionsCli {
  let redis: Redis;
  let folder: string;
  let memory: Memory;
  let key_prefix: string;
  const inFolder = (name: string) => join(folder, name);
  const itsOwn = () => ({
    REDIS_URL: inject('servers').redis,
    RIVULET_CONFIG: inFolder('rivulet.yaml'),
    RIVULET_SECRET: secret,
  });

  function configure(more: { suppression?: object; provider?: object } = {}): void {
    key_prefix = `cli-suppressions-${randomUUID()}:`;
    const config = { ...more, suppression: { key_prefix, ...more.suppression } };
    writeFileSync(inFolder('rivulet.yaml'), JSON.stringify(config));
    const settings = { keyPrefix: key_prefix, secret, rateLimit: 10, quotaReserve: 0.1, rememberSendsMs: 60_000 };
    memory = createMemory(redis, settings);
  }

  beforeAll(() => {
    redis = new Redis(inject('servers').redis);
    folder = mkdtempSync(join(tmpdir(), 'rivulet-suppressions-'));
  });
  afterAll(() => {
    redis.disconnect();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => configure());

  return {
    get memory() {
      return memory;
    },
    configure,
    inFolder,
    rivulet: (command, env = {}) =>
      new Promise((resolve) => {
        execFile(
          process.execPath,
          [compiledCli, 'suppressions', ...command.split(' ')],
          { cwd: folder, env: { ...process.env, ...itsOwn(), ...env }, maxBuffer: 100_000_000 },
          (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
        );
      }),
    async imports(name, env = {}) {
      const lines: string[] = [];
      const context = { root: folder, env: { ...itsOwn(), ...env }, print: (line: string) => void lines.push(line) };
      await importFile(context, inFolder(name), {});
      return lines.join('\n');
    },
    suppressionsOf: async (address) =>
      (await memory.suppressions.of(memory.addressHash(address))).toSorted((one, other) =>
        one.reason.localeCompare(other.reason),
      ),
    toTell: () => redis.smembers(`${key_prefix}suppressions-to-tell`),
    everything: async () => (await redis.keys(`${key_prefix}*`)).toSorted(),
    agreeOnSecret: () => agreeOnSecret(redis, createKeys(key_prefix, secret)),
  };
}

/** The numbers of a report, by name. */
export const counts = (out: string) =>
  Object.fromEntries(
    [...out.matchAll(/^ {2,4}(\S.*?) {2,}(\d+)$/gm)].map(([, name = '', number]) => [name, Number(number)]),
  );
