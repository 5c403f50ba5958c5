import { type AddressInfo, connect } from 'node:net';
import { createServer, type SecureContextOptions, type TLSSocket } from 'node:tls';

/** A TLS server before a plain one, as an operator puts before Temporal: it ends TLS and passes the bytes on. */
export interface TlsProxy {
  address: string;
  port: number;
  /** Common names of the clients' certificates, one a connection. */
  clients: string[];
  /** Another certificate, key or CA for connections from now on. */
  replaceContext(context: SecureContextOptions): void;
  /** Ends every connection. */
  drop(): void;
  close(): Promise<void>;
}

export interface TlsProxyOptions {
  target: string;
  context: SecureContextOptions;
  /** Refuse clients without a certificate of the context's CA. */
  clientCertificates?: boolean;
  /** Protocols that it offers; gRPC needs h2. */
  protocols?: string[];
}

export async function startTlsProxy(options: TlsProxyOptions): Promise<TlsProxy> {
  const { target, context, clientCertificates = false, protocols = ['h2'] } = options;
  const { hostname, port } = new URL(`tcp://${target}`);
  const open = new Set<TLSSocket>();
  const clients: string[] = [];
  const mutual = { requestCert: clientCertificates, rejectUnauthorized: clientCertificates };
  const server = createServer({ ...context, ...mutual, ALPNProtocols: protocols }, (incoming) => {
    clients.push(String(incoming.getPeerCertificate().subject?.CN ?? ''));
    open.add(incoming);
    const outgoing = connect(Number(port), hostname);
    incoming.pipe(outgoing).pipe(incoming);
    for (const socket of [incoming, outgoing]) {
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(incoming);
        incoming.destroy();
        outgoing.destroy();
      });
    }
  });
  server.on('tlsClientError', () => undefined); // refused clients are what some tests are about
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = (server.address() as AddressInfo).port;
  const drop = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    address: `127.0.0.1:${own}`,
    port: own,
    clients,
    replaceContext: (next) => server.setSecureContext(next),
    drop,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        drop();
      }),
  };
}
