import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';

import type { CliContext } from '../../cli/context.ts';
import { importFile } from '../../cli/suppressions/import.ts';
import { createStore, type Store } from '../../store/store.ts';
import { createInstallation } from '../../store/postgres/installation.ts';
import type { Suppression } from '../../store/suppressions.ts';
import { compiledCli } from './compiled-cli.ts';
import { ownDatabase } from './database.ts';
import { secret } from './secrets.ts';

export const noSecret = { RIVULET_SECRET: '' };
export const ada = 'ada@example.com';

interface Ran {
  code: number;
  out: string;
  err: string;
}

interface Printed {
  out: string;
  failed: Error | undefined;
}

/** `rivulet suppressions` in a folder and a database of a file's own; each test begins with an empty record and its own part of Redis. */
export interface SuppressionsCli {
  /** What a worker with the same rivulet.yaml and secret remembers. */
  readonly store: Store;
  /** Sets up a rivulet.yaml with this in it too. */
  configure(more?: { suppression?: object; provider?: object }): void;
  /** Deletes all suppressions, as another installation has none. */
  forget(): Promise<void>;
  inFolder(name: string): string;
  rivulet(command: string, env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** The whole command, with arguments that may hold spaces. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** The report of an import, without a process of its own; `failed`: what made it end with exit code 1 or 2. */
  printed(command: (context: CliContext) => Promise<void>, env?: NodeJS.ProcessEnv): Promise<Printed>;
  /** The same for a file of suppressions, which must not fail. */
  imports(name: string, env?: NodeJS.ProcessEnv): Promise<string>;
  /** By reason. */
  suppressionsOf(address: string): Promise<Suppression[]>;
  /** Hashes of the addresses that the provider's list has yet to get. */
  toTell(): Promise<string[]>;
  /** The names of all suppressions, lifts, people, consents and facts. */
  everything(): Promise<string[]>;
  /** As a worker with this secret does when it starts. */
  agreeOnSecret(): Promise<void>;
}

/** All that these commands write to. */
const tables = [
  'installation',
  'person',
  'consent',
  'consent_log',
  'wording',
  'address',
  'suppression',
  'suppression_lift',
  'suppression_sync',
  'fact',
];

export function suppressionsCli(): SuppressionsCli {
  const own = ownDatabase();
  let redis: Redis;
  let folder: string;
  let store: Store;
  let key_prefix: string;
  const inFolder = (name: string) => join(folder, name);
  const itsOwn = () => ({
    REDIS_URL: inject('servers').redis,
    POSTGRES_URL: own.url,
    RIVULET_CONFIG: inFolder('rivulet.yaml'),
    RIVULET_SECRET: secret,
  });

  function configure(more: { suppression?: object; provider?: object } = {}): void {
    key_prefix = `cli-suppressions-${randomUUID()}:`;
    const config = { ...more, suppression: { key_prefix, ...more.suppression } };
    writeFileSync(inFolder('rivulet.yaml'), JSON.stringify(config));
    const settings = { keyPrefix: key_prefix, secret, rateLimit: 10, quotaReserve: 0.1 };
    store = createStore({ postgres: own.postgres, redis }, settings);
  }

  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    new Promise<Ran>((resolve) => {
      execFile(
        process.execPath,
        [compiledCli, ...args],
        { cwd: folder, env: { ...process.env, ...itsOwn(), ...env }, maxBuffer: 100_000_000 },
        (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
      );
    });

  async function printed(
    command: (context: CliContext) => Promise<void>,
    env: NodeJS.ProcessEnv = {},
  ): Promise<Printed> {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    const failed = await command({ root: folder, env: { ...itsOwn(), ...env }, print }).then(
      () => undefined,
      (error: Error) => error,
    );
    return { out: lines.join('\n'), failed };
  }

  beforeAll(() => {
    redis = new Redis(inject('servers').redis);
    folder = mkdtempSync(join(tmpdir(), 'rivulet-suppressions-'));
  });
  afterAll(() => {
    redis.disconnect();
    rmSync(folder, { recursive: true, force: true });
  });
  // A database for each test would be copied two hundred times.
  beforeEach(async () => {
    for (const table of tables) await own.postgres.query({ name: `empty-${table}`, text: `DELETE FROM ${table}` });
    configure();
  });

  return {
    get store() {
      return store;
    },
    configure,
    forget: async () =>
      void (await own.postgres.query({ name: 'forget', text: 'TRUNCATE suppression, suppression_lift' })),
    inFolder,
    rivulet: (command, env = {}) => run(['suppressions', ...command.split(' ')], env),
    run,
    printed,
    async imports(name, env = {}) {
      const { out, failed } = await printed((context) => importFile(context, inFolder(name), {}), env);
      if (failed) throw failed;
      return out;
    },
    suppressionsOf: async (address) =>
      (await store.suppressions.of(store.addressHash(address))).toSorted((one, other) =>
        one.reason.localeCompare(other.reason),
      ),
    async toTell() {
      const hashes: string[] = [];
      for await (const page of store.suppressionSync.unreported()) hashes.push(...page);
      return hashes;
    },
    everything: async () => {
      const rows = await own.postgres.query<{ hash: string }>({
        name: 'everything',
        text: `SELECT address_hash || ' ' || reason AS hash FROM suppression
               UNION ALL SELECT address_hash FROM suppression_lift
               UNION ALL SELECT user_id || ' ' || said_at FROM person
               UNION ALL SELECT user_id || ' ' || id FROM consent_log
               UNION ALL SELECT 'fact ' || id FROM fact ORDER BY 1`,
      });
      return rows.map(({ hash }) => hash);
    },
    agreeOnSecret: async () => void (await createInstallation(own.postgres).agree({ secret })),
  };
}

/** The numbers of a report, by name. */
export const counts = (out: string) =>
  Object.fromEntries(
    [...out.matchAll(/^ {2,4}(\S.*?) {2,}(\d+)$/gm)].map(([, name = '', number]) => [name, Number(number)]),
  );
