import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Client, Connection } from '@temporalio/client';
import { Redis } from 'ioredis';
import { Client as PostgresClient } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../local/servers/data-lock.ts';
import { CannotStart, DataInUse } from '../local/servers/errors.ts';
import { findServers } from '../local/servers/find.ts';
import type { ServerBinaries } from '../local/servers/find.ts';
import { startServers } from '../local/servers/start-servers.ts';
import type { RunningServers, StartServersOptions } from '../local/servers/start-servers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

let binaries: ServerBinaries;
beforeAll(async () => {
  binaries = await findServers({ root });
}, 120_000);

const start = (dataDir: string, more: Partial<StartServersOptions> = {}) =>
  startServers({ dataDir, binaries, durable: false, portPolicy: 'free', ...more });

describe('running servers', () => {
  let dataDir: string;
  let running: RunningServers;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'rivulet-servers-'));
    running = await start(dataDir, { durable: true });
  }, 60_000);
  afterAll(async () => {
    await running.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('answer at once, with the namespace, its search attributes and a month of retention', async () => {
    const connection = await Connection.connect({ address: running.temporal.address });
    try {
      const client = new Client({ connection, namespace: running.temporal.namespace });
      const { config } = await client.workflowService.describeNamespace({ namespace: 'rivulet' });
      expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600);
      const attributes = await connection.operatorService.listSearchAttributes({ namespace: 'rivulet' });
      expect(Object.keys(attributes.customAttributes)).toEqual(expect.arrayContaining(['UserId', 'EventType']));
    } finally {
      await connection.close();
    }
  });

  it('write before they acknowledge when they are to be durable', async () => {
    expect(await readFile(join(dataDir, 'nats.conf'), 'utf8')).toContain('sync_interval: always');
  });

  it('write nothing of Redis to disk: it holds nothing worth keeping', async () => {
    await withRedis(running, async (redis) => {
      expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'no']);
      expect(await redis.config('GET', 'save')).toEqual(['save', '']);
    });
  });

  it('refuse a second start on the same data and name the process that holds it', async () => {
    const second = await start(dataDir).catch((error: unknown) => error);

    expect(second).toBeInstanceOf(DataInUse);
    expect((second as DataInUse).message).toContain(`in use by process ${process.pid}`);
  });

  it('come back from kill -9 on the same port', async () => {
    await withRedis(running, async (redis) => {
      const { pid } = running.redis;

      await running.server('redis').kill('SIGKILL');
      expect(isAlive(pid)).toBe(false);
      await running.server('redis').start();

      expect(running.redis.pid).not.toBe(pid);
      expect(await redis.ping()).toBe('PONG');
    });
  });

  it('starts no Postgres when there is one already, and takes its port from the URL', async () => {
    const own = await mkdtemp(join(tmpdir(), 'rivulet-servers-'));
    const second = await start(own, { postgresUrl: running.postgres.url });
    try {
      expect(second.postgres).toMatchObject({ url: running.postgres.url, port: running.postgres.port, pid: 0 });
      expect(existsSync(join(own, 'postgres'))).toBe(false);
    } finally {
      await second.stop();
      await rm(own, { recursive: true, force: true });
    }
  }, 60_000);

  it('can be frozen and thawed', async () => {
    await running.server('nats').kill('SIGSTOP');
    const frozen = fetch(`${running.nats.monitorUrl}/healthz`, { signal: AbortSignal.timeout(200) });
    await expect(frozen).rejects.toThrow();

    await running.server('nats').kill('SIGCONT');
    expect((await fetch(`${running.nats.monitorUrl}/healthz`)).status).toBe(200);
  });

  it('can be frozen with all their processes: a frozen Postgres answers on no connection', async () => {
    const client = new PostgresClient({ connectionString: running.postgres.url });
    await client.connect();
    await running.server('postgres').kill('SIGSTOP');
    let answered = false;
    const asked = client.query('SELECT 1').then(() => (answered = true));
    await sleep(200);
    expect(answered).toBe(false);

    await running.server('postgres').kill('SIGCONT');
    await asked;
    await client.end();
  });
});

describe('a start', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'rivulet-servers-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('keeps the data of the one before, except in Redis, and tells when a server dies by itself', async () => {
    const first = await start(dataDir);
    await withRedis(first, (redis) => redis.set('grace', 'a slot'));
    await publish(first);
    await startRun(first);
    await first.stop();

    const second = await start(dataDir);
    await withRedis(second, async (redis) => expect(await redis.get('grace')).toBeNull());
    expect(await storedMessages(second)).toBe(1);
    expect(await runExists(second)).toBe(true);

    process.kill(second.nats.pid, 'SIGKILL');
    expect(await second.exited).toMatchObject({ name: 'nats', signal: 'SIGKILL' });
    await second.stop();
  }, 60_000);

  it('restarts what dies by itself, until it has died too often', async () => {
    const lines: string[] = [];
    const running = await start(dataDir, { restartDead: true, log: (line) => lines.push(...line.split('\n')) });
    const count = (line: string) => lines.filter((one) => one === line).length;
    try {
      for (const name of ['nats', 'postgres', 'temporal'] as const) {
        process.kill(running[name].pid, 'SIGKILL');
        await expect.poll(() => count(`${name} is running again.`), { timeout: 30_000 }).toBe(1);
      }
      await withRedis(running, (redis) => redis.set('grace', 'a slot'));
      await publish(running);
      await startRun(running);

      for (let death = 1; death <= 5; death += 1) {
        process.kill(running.redis.pid, 'SIGKILL');
        await expect.poll(() => count('redis is running again.'), { timeout: 30_000 }).toBe(death);
        await withRedis(running, async (redis) => expect(await redis.get('grace')).toBeNull());
      }
      process.kill(running.redis.pid, 'SIGKILL');
      expect(await running.exited).toMatchObject({ name: 'redis', signal: 'SIGKILL' });
      expect(count('redis is running again.')).toBe(5);
    } finally {
      await running.stop();
    }
  }, 120_000);

  it('takes another port when the wished one is taken, or says which is taken when no other will do', async () => {
    const squatter = createServer();
    await new Promise<void>((bound) => squatter.listen(0, '127.0.0.1', bound));
    const { port } = squatter.address() as AddressInfo;
    try {
      // No wish for the others: the usual ports may be taken by whatever else runs here.
      const wishes = { nats: undefined, postgres: undefined, temporal: undefined, temporalUi: undefined, redis: port };
      const exact = start(dataDir, { portPolicy: 'exact', ports: wishes });
      await expect(exact).rejects.toThrow(CannotStart);
      await expect(exact).rejects.toThrow(`Port ${port} (redis) on 127.0.0.1 is taken`);

      const running = await start(dataDir, { portPolicy: 'preferred-else-free', ports: wishes });
      expect(running.redis.port).not.toBe(port);
      await running.stop();
    } finally {
      squatter.close();
    }
  }, 60_000);

  it('shows the last lines of a server that does not come up, and leaves no other behind', async () => {
    const broken = join(dataDir, 'broken-redis');
    await writeFile(broken, '#!/bin/sh\necho "cannot open the file"\nexit 3\n', { mode: 0o755 });

    const starting = start(dataDir, { binaries: { ...binaries, redis: broken } });

    await expect(starting).rejects.toThrow(/redis ended while starting.*cannot open the file/s);
    await (await start(dataDir)).stop();
  }, 60_000);

  it('leaves no server behind when its process is killed with -9, and the next one waits for the last of them', async () => {
    const parent = await startInAnotherProcess(dataDir);
    const pids = await parent.serverPids;
    expect(pids.every((pid) => isAlive(pid))).toBe(true);

    const killed = new Promise((ended) => parent.process.once('exit', ended));
    parent.process.kill('SIGKILL');
    await killed;
    const next = await start(dataDir);

    expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
    await next.stop();
  }, 60_000);
});

async function withRedis(servers: RunningServers, use: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(servers.redis.adminUrl);
  redis.on('error', () => {}); // It is killed on purpose.
  try {
    await use(redis);
  } finally {
    redis.disconnect();
  }
}

async function publish(servers: RunningServers): Promise<void> {
  const connection = await connect({ servers: servers.nats.url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'KEPT', subjects: ['kept.>'] });
  await jetstream(connection).publish('kept.one', 'hello');
  await connection.close();
}

async function storedMessages(servers: RunningServers): Promise<number> {
  const connection = await connect({ servers: servers.nats.url });
  const { state } = await (await jetstreamManager(connection)).streams.info('KEPT');
  await connection.close();
  return state.messages;
}

async function withTemporal<T>(servers: RunningServers, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: servers.temporal.address });
  try {
    return await use(new Client({ connection, namespace: servers.temporal.namespace }));
  } finally {
    await connection.close();
  }
}

const startRun = (servers: RunningServers) =>
  withTemporal(servers, (client) => client.workflow.start('kept', { workflowId: 'kept', taskQueue: 'nobody' }));

const runExists = (servers: RunningServers) =>
  withTemporal(
    servers,
    async (client) => (await client.workflow.getHandle('kept').describe()).status.name === 'RUNNING',
  );

async function startInAnotherProcess(
  dataDir: string,
): Promise<{ process: ChildProcess; serverPids: Promise<number[]> }> {
  const script = join(dataDir, 'parent.mts');
  const module = pathToFileURL(join(root, 'local/servers/start-servers.ts')).href;
  const options: StartServersOptions = { dataDir, binaries, durable: false, portPolicy: 'free' };
  await writeFile(
    script,
    `import { startServers } from '${module}';
     const running = await startServers(${JSON.stringify(options)});
     console.log(JSON.stringify([running.nats.pid, running.redis.pid, running.postgres.pid, running.temporal.pid]));`,
  );
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const serverPids = new Promise<number[]>((told, failed) => {
    child.stdout.once('data', (line: Buffer) => told(JSON.parse(line.toString()) as number[]));
    child.once('exit', () => failed(new Error('the other process ended before its servers were up')));
  });
  return { process: child, serverPids };
}
