import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { StoredMsg } from '@nats-io/jetstream';
import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';

import { addDeadLetters } from '../../cli/dead-letters/command.ts';
import { addWhyEvent } from '../../cli/why-event.ts';
import { WrongUse } from '../../cli/wrong-use.ts';
import { parseEvent } from '../../events/parse.ts';
import type { Arrival } from '../../ingress/arrival.ts';
import { type DeadLetterReason, writeDeadLetter } from '../../ingress/dead-letter.ts';
import { natsLogin } from '../../local/servers/nats.ts';
import { createLog } from '../../runtime/log.ts';
import { compiledCli } from './compiled-cli.ts';
import { type OwnDatabase, ownDatabase } from './database.ts';
import { type OwnNats, ownNats } from './own-nats.ts';

interface Ran {
  code: number;
  out: string;
  err: string;
}

interface Refused {
  subject?: string;
  reason?: DeadLetterReason;
  error?: string;
  headers?: string[];
}

/** `rivulet dead-letters` and `why-event` with a NATS and a database of the file's own. Each test starts with empty streams. */
export interface DeadLettersCli {
  nats: OwnNats;
  database: OwnDatabase;
  folder: string;
  env(): NodeJS.ProcessEnv;
  configure(config: object): void;
  /** Runs a command in this process. */
  rivulet(args: string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** The same as an operator does, in a process of its own. */
  compiled(args: string[], node?: string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** Writes the dead letter of a message, for the reason that the ingress would find. Returns its number. */
  refused(body: object | string | Uint8Array, more?: Refused): Promise<number>;
  /** Every message of a stream. */
  messages(stream: 'MARKETING_EVENTS' | 'MARKETING_DLQ'): Promise<StoredMsg[]>;
  count(stream: 'MARKETING_EVENTS' | 'MARKETING_DLQ'): Promise<number>;
}

export function deadLettersCli(): DeadLettersCli {
  const nats = ownNats();
  const database = ownDatabase(24);
  const cli = { nats, database } as DeadLettersCli;
  let arrivals = 0;

  beforeAll(() => {
    cli.folder = mkdtempSync(join(tmpdir(), 'rivulet-dead-letters-test-'));
  });
  afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));
  beforeEach(async () => {
    cli.configure({});
    await nats.reset();
  });

  cli.configure = (config) => {
    const suppression = { key_prefix: `dead-letters-${randomUUID()}:` };
    writeFileSync(join(cli.folder, 'rivulet.yaml'), JSON.stringify({ suppression, ...config }));
  };
  cli.env = () => ({
    PATH: process.env['PATH'],
    ...natsLogin('cli-operator', nats.url),
    POSTGRES_URL: database.url,
    REDIS_URL: inject('servers').redis,
    TEMPORAL_ADDRESS: inject('servers').temporal,
    TEMPORAL_NAMESPACE: 'default',
    RIVULET_CONFIG: join(cli.folder, 'rivulet.yaml'),
    RIVULET_SECRET: '',
  });
  cli.rivulet = async (args, env = {}) => {
    const lines: string[] = [];
    const context = { root: cli.folder, env: { ...cli.env(), ...env }, print: (line: string) => void lines.push(line) };
    const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    addDeadLetters(program, context);
    addWhyEvent(program, context);
    const ran = (code: number, err = '') => ({ code, err, out: lines.join('\n') });
    try {
      await program.parseAsync(args, { from: 'user' });
      return ran(0);
    } catch (error) {
      const { name, message, stack } = error as Error;
      if (error instanceof WrongUse || name === 'CommanderError') return ran(2, message);
      return ran(1, ['NotDone', 'ServerAway'].includes(name) ? message : stack);
    }
  };
  cli.compiled = (args, node = [], env = {}) =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [...node, compiledCli, ...args],
        { cwd: cli.folder, env: { ...cli.env(), ...env }, maxBuffer: 100_000_000 },
        (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
      );
    });
  cli.refused = async (body, { subject = 'marketing.events', headers = [], ...more } = {}) => {
    const data =
      body instanceof Uint8Array
        ? body
        : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
    const parsed = parseEvent(data);
    const found = parsed.ok ? { reason: 'not_processable' as const, error: 'it failed 8 times' } : parsed;
    const arrival: Arrival = {
      stream: 'MARKETING_EVENTS',
      seq: ++arrivals,
      storedAt: Date.now() * 1_000_000,
      subject,
      data,
      headerBytes: new TextEncoder().encode(headers.length === 0 ? '' : ['NATS/1.0', ...headers, '', ''].join('\r\n')),
      deliveries: 1,
      attempt: 0,
      failures: [],
      dueAt: 0,
    };
    const { js } = nats.stream;
    const store = { deadLetters: { isWritten: async () => false, markWritten: async () => {} } };
    const deps = { js, store, maxPayload: () => 1024 * 1024, log: createLog('test', 'silent') };
    await writeDeadLetter(deps, arrival, more.reason ?? found.reason, more.error ?? found.error);
    return (await nats.stream.manager.streams.info('MARKETING_DLQ')).state.last_seq;
  };
  cli.messages = async (stream) => {
    const { streams } = nats.stream.manager;
    const { first_seq, last_seq } = (await streams.info(stream)).state;
    const found: StoredMsg[] = [];
    for (let seq = Math.max(1, first_seq); seq <= last_seq; seq++) {
      const message = await streams.getMessage(stream, { seq });
      if (message) found.push(message);
    }
    return found;
  };
  cli.count = async (stream) => (await nats.stream.manager.streams.info(stream)).state.messages;
  return cli;
}
