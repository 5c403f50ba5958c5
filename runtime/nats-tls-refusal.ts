import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';

import type { NatsAccess } from '../config/nats-access.ts';
import { readTls } from './nats-credentials.ts';

const withinMs = 2_000;

/**
 * Returns the code of the alert with which a server rejects this client's certificate, such as `ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED`;
 * undefined if it accepts it. In TLS 1.3 the alert follows the handshake, and the NATS client reports a timeout: this connects again.
 */
export function tlsRefusal(access: NatsAccess): Promise<string | undefined> {
  const { hostname, port } = new URL(`nats://${access.servers[0]}`);
  const host = hostname.replaceAll(/[[\]]/g, '');
  return new Promise((resolve) => {
    const socket = connectTcp(Number(port), host);
    const end = (code?: string) => {
      socket.destroy();
      resolve(code);
    };
    socket.setTimeout(withinMs, () => end());
    socket.on('error', () => end());
    // The server's INFO; TLS begins after it.
    socket.once('data', () => {
      try {
        const secure = connectTls({ socket, servername: isIP(host) ? '' : host, ...readTls(access) });
        secure.on('error', ({ code }: NodeJS.ErrnoException) => end(code));
        secure.on('close', () => end());
        secure.once('data', () => end());
        secure.write('PING\r\n');
      } catch {
        end(); // a file is missing or incomplete
      }
    });
  });
}
