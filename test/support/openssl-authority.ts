import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, in PEM. */
export interface Issued {
  cert: string;
  key: string;
}

export interface Authority {
  /** Its own certificate, in PEM. */
  ca: string;
  /** `days`: how long it is valid; a negative number makes one that has expired. */
  issue(name: string, options?: { days?: number; hosts?: string[] }): Issued;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A CA of a test's own, made with the openssl command. */
export function createAuthority(name = 'a test CA'): Authority {
  const { cert: ca, key: caKey } = inFolder((folder) => {
    const [cert, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
    openssl('req', '-x509', ...newKey, '-days', '30', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert);
    return read(cert, key);
  });
  return {
    ca,
    issue: (subject, { days = 30, hosts = ['localhost', '127.0.0.1'] } = {}) =>
      inFolder((folder) => {
        const file = (name: string, text = '') => {
          writeFileSync(join(folder, name), text);
          return join(folder, name);
        };
        const [cert, key, request] = [file('cert.pem'), file('cert.key'), file('request.pem')];
        const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`)).join(',');
        const extensions = file('extensions', `subjectAltName=${names}\n`);
        openssl('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout', key, '-out', request);
        const signing = ['-CA', file('ca.pem', ca), '-CAkey', file('ca.key', caKey), '-CAcreateserial'];
        openssl(
          'x509',
          '-req',
          '-in',
          request,
          ...signing,
          '-days',
          String(days),
          '-extfile',
          extensions,
          '-out',
          cert,
        );
        return read(cert, key);
      }),
  };
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

function read(cert: string, key: string): Issued {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-certificates-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
