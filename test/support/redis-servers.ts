import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { vi } from 'vitest';

import { choosePorts } from '../../local/servers/ports.ts';
import { type Server, serverProcess } from '../../local/servers/server-process.ts';
import { temporaryFolder } from '../../local/servers/temporary-folder.ts';
import { programOf } from './installed.ts';

/** One Redis of several. */
export interface RedisNode {
  port: number;
  server: Server;
}

export interface RedisServers {
  folder: string;
  nodes: RedisNode[];
  /** Stops all, and deletes their data. */
  stop(): Promise<void>;
}

/** Starts so many servers of a Redis, by default that on PATH. `settings`: further ones of each, by its index and all ports. */
export async function startRedisServers(
  count: number,
  settings: (index: number, ports: number[], folder: string) => string[],
  takesConnections: (port: number, folder: string) => Promise<boolean> = answers,
  binary = programOf('redis-server')!,
): Promise<RedisServers> {
  const folder = temporaryFolder('rivulet-redis-');
  const names = Array.from({ length: 2 * count }, (_, index) => [`port${index}`, undefined] as const);
  const ports = Object.values(await choosePorts(Object.fromEntries(names), 'free'));
  const own = ports.slice(0, count);
  const nodes = own.map((port, index) => {
    const file = join(folder, `${port}.conf`);
    const bus = `cluster-port ${ports[count + index]}`;
    const all = ['bind 127.0.0.1', `port ${port}`, `dir ${folder}`, 'save ""', ...settings(index, own, folder)];
    writeFileSync(file, `${(all.includes('cluster-enabled yes') ? [...all, bus] : all).join('\n')}\n`);
    const server = serverProcess(
      {
        name: 'redis',
        binary,
        args: all.some((line) => line.startsWith('sentinel ')) ? [file, '--sentinel'] : [file],
        logFile: join(folder, `${port}.log`),
        healthy: () => takesConnections(port, folder),
      },
      () => {},
    );
    return { port, server };
  });
  await Promise.all(nodes.map(({ server }) => server.start()));
  return {
    folder,
    nodes,
    async stop() {
      await Promise.all(nodes.map(({ server }) => server.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A reply to PING, or its refusal. */
async function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
  try {
    socket.on('timeout', () => socket.destroy(new Error('no answer')));
    socket.end('PING\r\n');
    const [reply] = (await once(socket, 'data')) as [Buffer];
    return /^(\+PONG|-NOAUTH)/.test(reply.toString());
  } finally {
    socket.destroy();
  }
}

/** A plain connection to one of them, for as long as `use` takes. */
export async function withNode<T>(port: number, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ port, lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** Repeats a question until the answer is yes; one that fails counts as no. */
function until(isSo: () => Promise<boolean>): Promise<unknown> {
  return vi.waitUntil(() => isSo().catch(() => false), { timeout: 20_000, interval: 50 });
}

/** A primary, two replicas and three Sentinels that call it `mail`. They fail over after a second and a half. */
export async function startSentinels(): Promise<RedisServers & { url: string; primary(): Promise<RedisNode> }> {
  const data = await startRedisServers(3, (index, [first]) => (index === 0 ? [] : [`replicaof 127.0.0.1 ${first}`]));
  const [{ port: first } = { port: 0 }] = data.nodes;
  const watching = await startRedisServers(3, () => [
    `sentinel monitor mail 127.0.0.1 ${first} 2`,
    'sentinel down-after-milliseconds mail 1500',
    'sentinel failover-timeout mail 3000',
  ]);
  const [{ port: sentinel } = { port: 0 }] = watching.nodes;
  const ask = (...args: string[]) => withNode(sentinel, (redis) => redis.call('SENTINEL', ...args));
  await until(async () => /OK 3 usable/.test(String(await ask('ckquorum', 'mail'))));
  await until(async () => ((await ask('replicas', 'mail')) as unknown[]).length === 2);
  const at = watching.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
  return {
    ...data,
    url: `redis+sentinel://${at}/mail`,
    async primary() {
      const [, port] = (await ask('get-master-addr-by-name', 'mail')) as [string, string];
      return data.nodes.find((node) => node.port === Number(port))!;
    },
    async stop() {
      await watching.stop();
      await data.stop();
    },
  };
}

/** A Cluster of three primaries with a replica each, which fails over after a second and a half. */
export async function startCluster(): Promise<
  RedisServers & { url: string; primaryOf(key: string): Promise<RedisNode> }
> {
  const servers = await startRedisServers(6, (index, ports) => [
    'cluster-enabled yes',
    `cluster-config-file nodes-${ports[index]}.conf`,
    'cluster-node-timeout 1500',
    'cluster-replica-validity-factor 0',
  ]);
  const { nodes } = servers;
  const [first, ...others] = nodes as [RedisNode, ...RedisNode[]];
  const on = (node: RedisNode, ...args: (string | number)[]) =>
    withNode(node.port, (redis) => redis.call('CLUSTER', ...args.map(String)));
  for (const [index, node] of nodes.slice(0, 3).entries()) {
    const [from, to] = [Math.ceil((index * 16_384) / 3), Math.ceil(((index + 1) * 16_384) / 3)];
    await on(node, 'ADDSLOTSRANGE', from, to - 1);
    await on(node, 'SET-CONFIG-EPOCH', index + 1);
  }
  const buses = await Promise.all(
    others.map(({ port }) => withNode(port, (redis) => redis.config('GET', 'cluster-port'))),
  );
  for (const [index, { port }] of others.entries()) {
    await on(first, 'MEET', '127.0.0.1', port, (buses[index] as string[])[1]!);
  }
  const known = async (node: RedisNode) =>
    String(await on(node, 'NODES'))
      .trim()
      .split('\n').length;
  await until(async () => (await Promise.all(nodes.map(known))).every((count) => count === 6));
  for (const [index, node] of nodes.slice(3).entries()) {
    await on(node, 'REPLICATE', String(await on(nodes[index]!, 'MYID')));
  }
  const isOk = async (node: RedisNode) => /cluster_state:ok/.test(String(await on(node, 'INFO')));
  const follows = async (node: RedisNode) =>
    /master_link_status:up/.test(await withNode(node.port, (redis) => redis.info('replication')));
  await until(async () => (await Promise.all([...nodes.map(isOk), ...nodes.slice(3).map(follows)])).every(Boolean));
  return {
    ...servers,
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    async primaryOf(key) {
      // One of them may be dead.
      const slot = Number(await Promise.any(nodes.map((node) => on(node, 'KEYSLOT', key))));
      const ranges = (await Promise.any(nodes.map((node) => on(node, 'SLOTS')))) as [
        number,
        number,
        [string, number],
      ][];
      const [, , [, port]] = ranges.find(([from, to]) => from <= slot && slot <= to)!;
      return nodes.find((node) => node.port === port)!;
    },
  };
}
