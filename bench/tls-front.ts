import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import { selfSigned } from '../local/certificate.ts';
import { seededRandom } from '../local/ses/random.ts';

/** TLS before the SES stand-in, and what can go wrong with it. */
export interface TlsFront {
  /** `https`, with the name that the certificate is for. */
  url: string;
  /** What its clients must trust, in PEM. */
  certificate: string;
  /** Where decrypted requests go: an `http` URL. */
  forwardTo(url: string): void;
  /** From now on TLS fails on this share of new connections: half of those show a certificate that nobody trusts, half answer without TLS. */
  fail(share: number): void;
  /** Connections on which it has failed. */
  failures(): number;
  close(): void;
}

export async function startTlsFront(): Promise<TlsFront> {
  const [own, stranger] = [selfSigned({ host: 'localhost' }), selfSigned({ host: 'localhost' })].map(
    ({ privateKey, pem }) => ({ key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: pem }),
  );
  const random = seededRandom(1);
  let share = 0;
  let failed = 0;
  let target = new URL('http://127.0.0.1:1');

  const take = (socket: Socket) => {
    socket.on('error', () => {});
    if (random() >= share) return forward(socket, own!, target);
    failed += 1;
    if (random() < 0.5) return forward(socket, stranger!, target);
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
  };
  const server: Server = createServer(take);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    certificate: own!.cert,
    forwardTo: (url) => void (target = new URL(url)),
    fail: (of) => void (share = of),
    failures: () => failed,
    close: () => void server.close(),
  };
}

/** A connection that ends on one side, in whichever way, ends the same way on the other: a reset stays a reset. */
function forward(socket: Socket, identity: { key: string | Buffer; cert: string }, { hostname, port }: URL): void {
  const decrypted = new TLSSocket(socket, { isServer: true, ...identity });
  const onwards = connect(Number(port), hostname);
  decrypted.on('error', () => onwards.destroy());
  onwards.on('error', () => socket.resetAndDestroy());
  decrypted.pipe(onwards).pipe(decrypted);
}
