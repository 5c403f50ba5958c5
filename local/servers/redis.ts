import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ServerRecipe } from './server-process.ts';

/** Redis without persistence: nothing in it is worth keeping. */
export function redis(options: { binary: string; dataDir: string; port: number }): ServerRecipe {
  const dir = join(options.dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  return {
    name: 'redis',
    binary: options.binary,
    args: [
      ['--bind', '127.0.0.1', '--port', String(options.port), '--dir', dir],
      ['--appendonly', 'no', '--save', ''],
    ].flat(),
    logFile: join(options.dataDir, 'redis.log'),
    healthy: (pid) => isReady(options.port, pid),
  };
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
