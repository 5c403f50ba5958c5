import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { vi } from 'vitest';

import { findServers } from '../../local/servers/find.ts';
import { choosePorts } from '../../local/servers/ports.ts';
import { serverProcess } from '../../local/servers/server-process.ts';

export interface ConfiguredNats {
  /** `127.0.0.1:<port>`. */
  address: string;
  port: number;
  /** For certificates and credentials; it goes away with the server. */
  dir: string;
  /** What it logged. */
  log(): string;
  /** Has it read another configuration, as an operator does after a rotation. */
  reload(config: string): Promise<void>;
  stop(): Promise<void>;
}

/** A NATS with JetStream and a configuration of the test's own, without an address and folders: those are added. */
export async function startConfiguredNats(config: (dir: string) => string, jetStream = ''): Promise<ConfiguredNats> {
  const dir = mkdtempSync(join(tmpdir(), 'rivulet-nats-'));
  const file = join(dir, 'nats.conf');
  const logFile = join(dir, 'nats.log');
  const { nats: binary } = await findServers({ root: fileURLToPath(new URL('../..', import.meta.url)) });
  const { port, monitor } = await choosePorts({ port: undefined, monitor: undefined }, 'free');
  const write = (text: string) =>
    writeFileSync(
      file,
      `listen: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${monitor}"\njetstream { store_dir: ${JSON.stringify(dir)}${jetStream} }\n${text}\n`,
    );
  write(config(dir));
  const healthy = async () => (await fetch(`http://127.0.0.1:${monitor}/healthz`)).ok;
  const server = serverProcess({ name: 'nats', binary, args: ['--config', file], logFile, healthy }, () => {});
  await server.start();
  const log = () => readFileSync(logFile, 'utf8');
  return {
    address: `127.0.0.1:${port}`,
    port,
    dir,
    log,
    async reload(text) {
      write(text);
      const reloads = () => log().split('Reloaded server configuration').length;
      const before = reloads();
      process.kill(server.pid, 'SIGHUP');
      await vi.waitFor(
        () => {
          if (reloads() === before) throw new Error(`NATS has not reloaded:\n${log()}`);
        },
        { timeout: 10_000, interval: 20 },
      );
    },
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
