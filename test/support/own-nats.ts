import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll } from 'vitest';

import { provisionNats, type StreamSettings } from '../../ingress/nats.ts';
import type { JetStream } from '../../runtime/nats-connection.ts';
import { connectTo } from './connect-to.ts';
import { findServers } from '../../local/servers/find.ts';
import { nats } from '../../local/servers/nats.ts';
import { choosePorts } from '../../local/servers/ports.ts';
import { serverProcess } from '../../local/servers/server-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const streamSettings: StreamSettings = {
  events: 'MARKETING_EVENTS',
  deadLetters: 'MARKETING_DLQ',
  retries: 'MARKETING_RETRY',
  maxAgeMs: 604_800_000,
  maxAckPending: 1_000,
};

/** A NATS of a file's own, for tests that fill its streams or read its log. Filled in before its first test. */
export interface OwnNats {
  url: string;
  stream: JetStream;
  /** Empties the streams and creates them again. */
  reset(): Promise<void>;
  /** Lines of the server's log in which it complains, but for those about how slow its machine is. */
  complaints(): string[];
}

export interface StartedNats {
  url: string;
  logFile: string;
  /** What it has refused to users of deploy/nats, a line each. */
  violations(): string[];
  stop(): Promise<void>;
}

/** A NATS of a system's own: its streams take in every event, so that two systems cannot share one. */
export async function startOwnNats(): Promise<StartedNats> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rivulet-nats-'));
  const { nats: binary } = await findServers({ root });
  const { port, monitorPort } = await choosePorts({ port: undefined, monitorPort: undefined }, 'free');
  const recipe = nats({ binary, dataDir, port, monitorPort, durable: false });
  const server = serverProcess(recipe, () => {});
  await server.start();
  return {
    url: `nats://127.0.0.1:${port}`,
    logFile: recipe.logFile,
    violations: () =>
      readFileSync(recipe.logFile, 'utf8')
        .split('\n')
        .filter((line) => line.includes(' Violation ')),
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function ownNats(): OwnNats {
  const own = {} as OwnNats;
  let end: () => Promise<void>;
  beforeAll(async () => {
    const server = await startOwnNats();
    own.url = server.url;
    own.stream = await connectTo(own.url);
    own.reset = async () => {
      const { streams } = own.stream.manager;
      for await (const { config } of streams.list()) await streams.delete(config.name);
      await provisionNats(own.stream, streamSettings);
    };
    own.complaints = () =>
      readFileSync(server.logFile, 'utf8')
        .split('\n')
        .filter(
          (line) =>
            /\[(WRN|ERR|FTL)\]/.test(line) &&
            !/took too long|Readloop processing time|Healthcheck failed|Plaintext passwords/.test(line),
        );
    await own.reset();
    end = async () => {
      await own.stream.connection.close();
      await server.stop();
    };
  }, 120_000);
  afterAll(() => end(), 30_000);
  return own;
}
