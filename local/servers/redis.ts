import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ServerRecipe } from './server-process.ts';

export interface RedisOptions {
  binary: string;
  dataDir: string;
  port: number;
}

/** Protects nothing: the server listens on loopback, and its default user asks for none. */
const password = 'local';

/** The same server for the product, as the user that it has in production. */
export function asProductUser(url: string): string {
  const own = new URL(url);
  own.username = 'rivulet';
  own.password = password;
  return own.href;
}

/** Redis without persistence: nothing in it is worth keeping. */
export function redis(options: RedisOptions): ServerRecipe {
  const dir = join(options.dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  const users = join(dir, 'users.acl');
  writeFileSync(users, localUsers(readFileSync(new URL('../../deploy/redis/users.acl', import.meta.url), 'utf8')));
  return {
    name: 'redis',
    binary: options.binary,
    args: [
      ['--bind', '127.0.0.1', '--port', String(options.port), '--dir', dir],
      ['--appendonly', 'no', '--save', '', '--aclfile', users],
    ].flat(),
    logFile: join(options.dataDir, 'redis.log'),
    healthy: (pid) => isReady(options.port, pid),
  };
}

/**
 * The commands that the product's user may call in production, on any key: rivulet.yaml may name another prefix. The default user
 * is for people and tests.
 */
function localUsers(production: string): string {
  return production
    .replace('user default off', 'user default on nopass ~* &* +@all')
    .replace('>REPLACE-ME', `>${password}`)
    .replace('~rivulet:*', '~*')
    .replace('&rivulet:*', '&*');
}

/** Another Redis may have taken the port a moment before ours could, so it is asked for its process. */
function isReady(port: number, pid: number): Promise<boolean> {
  return new Promise((answered) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2000 });
    const finish = (ok: boolean) => {
      socket.destroy();
      answered(ok);
    };
    let reply = '';
    socket.on('connect', () => socket.end('PING\r\nINFO server\r\n'));
    socket.on('data', (bytes) => (reply += bytes.toString('latin1')));
    socket.on('end', () => finish(reply.startsWith('+PONG') && reply.includes(`process_id:${pid}\r\n`)));
    socket.on('error', () => finish(false));
    socket.on('timeout', () => finish(false));
    socket.on('close', () => finish(false));
  });
}
