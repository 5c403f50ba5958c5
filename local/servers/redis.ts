import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ServerRecipe } from './server-process.ts';

/** Redis with an append-only file and no eviction: it remembers consents and sends, it is not a cache. */
export function redis(options: { binary: string; dataDir: string; port: number; durable: boolean }): ServerRecipe {
  const dir = join(options.dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  return {
    name: 'redis',
    binary: options.binary,
    args: [
      ['--bind', '127.0.0.1', '--port', String(options.port), '--dir', dir],
      ['--appendonly', 'yes', '--appendfsync', options.durable ? 'always' : 'everysec', '--save', ''],
      ['--maxmemory-policy', 'noeviction'],
    ].flat(),
    logFile: join(options.dataDir, 'redis.log'),
    healthy: (pid) => isReady(options.port, pid),
  };
}

/**
 * While Redis reads its file back it accepts connections and answers -LOADING. And whoever answers may be another Redis
 * that took the port a moment before ours could, so it is asked who it is.
 */
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
