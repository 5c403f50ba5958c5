import type pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

import type { Environment } from '../../config/environment.ts';
import { CredentialsError } from '../credentials-error.ts';
import { readTls, type Tls, type TlsNames, type TlsSources } from '../tls.ts';
import { passwordOf, type PasswordSources } from './password.ts';

/** Where Postgres is and how to log in. What the URL says itself wins over the rest. */
export interface PostgresServer extends PasswordSources {
  /** `postgres://user:password@host:port/database`, with libpq's `sslmode`, `sslrootcert`, `sslcert` and `sslkey`. */
  url: string;
  /** The path of a PEM file, or PEM text; so are `cert` and `key`. */
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  /** Where `url` comes from, for messages. Default: POSTGRES_URL. */
  variable?: 'POSTGRES_URL' | 'POSTGRES_MIGRATION_URL';
}

export function postgresServer(environment: Environment): PostgresServer {
  const { POSTGRES_URL: url, POSTGRES_CA: ca, POSTGRES_CERT: cert, POSTGRES_KEY: key } = environment;
  const { POSTGRES_PASSWORD: password, POSTGRES_PASSWORD_FILE: passwordFile } = environment;
  return { url, ca, cert, key, password, passwordFile, passwordCommand: environment.POSTGRES_PASSWORD_COMMAND };
}

/** The same database as its owner, who may change the schema. */
export function migrationServer(environment: Environment): PostgresServer {
  const server = postgresServer(environment);
  const { POSTGRES_MIGRATION_URL: url } = environment;
  if (url === undefined) return server;
  const { ca, cert, key } = server;
  return { url, ca, cert, key, variable: 'POSTGRES_MIGRATION_URL' };
}

/** Returns the settings of a new connection; reads the files now. Throws a CredentialsError for unusable settings. */
export function connectionSettings(server: PostgresServer): pg.ClientConfig {
  const { plain, mode, sources, names } = splitUrl(server);
  const config = parseIntoClientConfig(plain);
  const { variable = 'POSTGRES_URL' } = server;
  const password = passwordOf(typeof config.password === 'string' ? config.password || undefined : undefined, server);
  return { ...config, password, ssl: tlsOf(mode, readTls(sources, names), names, variable) };
}

/** The host (or the folder of a socket), and libpq's `sslmode`, as it applies. */
export function transportOf(server: PostgresServer): { host: string; mode: string } {
  const { plain, mode } = splitUrl(server);
  const { hostname, searchParams } = new URL(plain);
  return { host: searchParams.get('host') ?? hostname, mode };
}

const tlsParameters = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'uselibpqcompat'];

/** Removes the TLS parameters from the URL: `pg` gives them a different meaning from libpq. */
function splitUrl({ url, ca, cert, key, variable = 'POSTGRES_URL' }: PostgresServer) {
  const plain = new URL(url);
  const given = Object.fromEntries(tlsParameters.map((name) => [name, plain.searchParams.get(name) || undefined]));
  for (const name of tlsParameters) plain.searchParams.delete(name);
  const { sslrootcert, sslcert, sslkey } = given;
  const sources: TlsSources = { ca: sslrootcert ?? ca, cert: sslcert ?? cert, key: sslkey ?? key };
  const names: TlsNames = {
    ca: sslrootcert ? `sslrootcert in ${variable}` : 'POSTGRES_CA',
    cert: sslcert ? `sslcert in ${variable}` : 'POSTGRES_CERT',
    key: sslkey ? `sslkey in ${variable}` : 'POSTGRES_KEY',
  };
  const isTls = given['ssl'] === 'true' || Object.values(sources).some((source) => source !== undefined);
  const mode = given['sslmode'] ?? (isTls ? 'verify-full' : 'disable');
  if (mode === 'disable' && isTls) {
    throw new CredentialsError(
      `sslmode=disable in ${variable} contradicts the certificates that are set. Use sslmode=verify-full, or unset them.`,
    );
  }
  // In libpq this selects the system's CAs; Node has its own list of public CAs.
  if (sources.ca === 'system') delete sources.ca;
  return { plain: plain.href, mode, sources, names };
}

/** As libpq: `require` encrypts and, with a CA, verifies it; `verify-ca` asks for no host name; `verify-full` does. */
function tlsOf(mode: string, tls: Tls, names: TlsNames, variable: string): pg.ClientConfig['ssl'] {
  switch (mode) {
    case 'disable':
      return false;
    case 'require':
      return tls.ca === undefined ? { ...tls, rejectUnauthorized: false } : { ...tls, checkServerIdentity: anyHost };
    case 'verify-ca':
      if (tls.ca === undefined) {
        throw new CredentialsError(
          `sslmode=verify-ca needs the CA: set ${names.ca}. With a public CA, sslmode=verify-full is the one that protects.`,
        );
      }
      return { ...tls, checkServerIdentity: anyHost };
    case 'verify-full':
      return { ...tls };
    default:
      throw new CredentialsError(
        `sslmode in ${variable} must be disable, require, verify-ca or verify-full; allow and prefer would continue without TLS when an attacker asks for it.`,
      );
  }
}

const anyHost = () => undefined;
