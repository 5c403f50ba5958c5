import { X509Certificate } from 'node:crypto';

import { readAtMost } from './read-at-most.ts';

/** The PEM text at a URL; rejects when it cannot be had. */
export type CertificateFetch = (url: string) => Promise<string>;

const fetchTimeoutMs = 3_000;
const maxCertificateBytes = 16 * 1024;

/** AWS has one certificate a region at a time, and changes it about once a year. */
const maxKnown = 16;

/** Somebody who makes up URLs must not make us open any number of connections, nor keep the place of a genuine message. */
const maxAtOnce = { ofOneClient: 2, inAll: 32 };

/** Certificates by URL. What could not be had is asked for anew the next time. `client`: the address that a message came from. */
export function createCertificates(fetchPem: CertificateFetch): {
  get(url: string, client: string): Promise<X509Certificate>;
} {
  const known = new Map<string, X509Certificate>();
  const underWay = new Map<string, { asking: Promise<X509Certificate>; client: string }>();

  const ask = async (url: string): Promise<X509Certificate> => {
    try {
      const certificate = new X509Certificate(await fetchPem(url));
      const [oldest] = known.keys();
      if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest);
      known.set(url, certificate);
      return certificate;
    } finally {
      underWay.delete(url);
    }
  };

  return {
    async get(url, client) {
      const found = known.get(url) ?? underWay.get(url)?.asking;
      if (found) return found;
      const own = [...underWay.values()].filter((one) => one.client === client).length;
      if (own >= maxAtOnce.ofOneClient || underWay.size >= maxAtOnce.inAll) {
        throw new Error('too many certificates are being fetched');
      }
      const asking = ask(url);
      underWay.set(url, { asking, client });
      return asking;
    },
  };
}

/** `redirect: 'error'`: the URL was checked, and where it leads on to was not. `fetch` and the timeout are for tests. */
export async function fetchCertificate(
  url: string,
  {
    fetch = globalThis.fetch,
    timeoutMs = fetchTimeoutMs,
  }: { fetch?: (url: string, init: RequestInit) => Promise<Response>; timeoutMs?: number } = {},
): Promise<string> {
  // The time-out covers the body too: a server may also hang in the middle of it.
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the certificate's server answered ${response.status}`);
  }
  const bytes = await readAtMost(response.body, maxCertificateBytes);
  if (!bytes) throw new Error(`the certificate is larger than ${maxCertificateBytes} bytes`);
  return new TextDecoder().decode(bytes);
}
