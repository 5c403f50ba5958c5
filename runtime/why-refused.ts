import { isIP } from 'node:net';
import { connect } from 'node:tls';

import type { TemporalOptions } from './temporal-options.ts';

/** A server that stays silent for this long has accepted the handshake, in ms. */
const quietMs = 500;

/** How long a handshake may take, in ms. */
const withinMs = 3_000;

/** Error codes of OpenSSL and Node, and messages for operators. */
const reasons: readonly [RegExp, string][] = [
  [
    /ALERT_CERTIFICATE_REQUIRED/,
    'it requires a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH',
  ],
  [/ALERT_CERTIFICATE_EXPIRED/, 'the client certificate has expired'],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|ACCESS_DENIED|HANDSHAKE_FAILURE|DECRYPT_ERROR)/,
    'it refuses the client certificate',
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    'its certificate is for another host name: correct TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME',
  ],
  [/CERT_HAS_EXPIRED/, 'its certificate has expired'],
  [/CERT_NOT_YET_VALID/, 'its certificate is not valid yet: check the clock of this machine'],
  [
    /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/,
    'its certificate is not signed by a trusted CA: set TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  ],
  [/^CLOSED$/, 'it closed the connection after the handshake: it probably refuses the client certificate'],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/,
    'it does not use TLS: unset every variable that starts with TEMPORAL_TLS, and TEMPORAL_API_KEY',
  ],
];

/**
 * Returns why a server that answers cannot be used over TLS: gRPC reports only that it could not connect. Undefined if the server
 * does not answer at all, or if the handshake succeeds.
 */
export async function whyTlsFails({ address, tls, apiKey }: TemporalOptions): Promise<string | undefined> {
  if (!tls && !apiKey) {
    const code = await handshake({ address, tls: {} });
    const speaksTls = code === undefined || (!/WRONG_VERSION|PACKET_LENGTH/.test(code) && reasonOf(code) !== undefined);
    return speaksTls ? 'it requires TLS: set TEMPORAL_TLS=true' : undefined;
  }
  const code = await handshake({ address, tls: typeof tls === 'object' && tls ? tls : {} });
  return code === undefined ? undefined : reasonOf(code);
}

function reasonOf(code: string): string | undefined {
  return reasons.find(([pattern]) => pattern.test(code))?.[1];
}

interface Handshake {
  address: string;
  tls: Exclude<TemporalOptions['tls'], boolean | null | undefined>;
}

/** The code of the error; undefined when the server accepts. With TLS 1.3 it refuses a certificate only after the handshake. */
function handshake({ address, tls }: Handshake): Promise<string | undefined> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const host = hostname.replaceAll(/[[\]]/g, '');
  const name = tls.serverNameOverride ?? (isIP(host) ? undefined : host); // RFC 6066: an address is no server name
  const pem = (bytes: Uint8Array | undefined) => (bytes ? Buffer.from(bytes) : undefined);
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(port || 7233),
      ...(name !== undefined && { servername: name }),
      ca: pem(tls.serverRootCACertificate),
      cert: pem(tls.clientCertPair?.crt),
      key: pem(tls.clientCertPair?.key),
      ALPNProtocols: ['h2'],
    });
    let closed = 'NO_ANSWER';
    const end = (code: string | undefined) => {
      socket.destroy();
      resolve(code);
    };
    socket.setTimeout(withinMs, () => end('NO_ANSWER'));
    socket.on('secureConnect', () => {
      closed = 'CLOSED';
      socket.setTimeout(quietMs, () => end(undefined));
    });
    socket.on('data', () => end(undefined));
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      end(code === 'EPROTO' ? message : (code ?? message)),
    );
    socket.on('close', () => end(closed));
  });
}
