import type { Environment } from '../../config/environment.ts';
import { parseRedisUrl, type RedisAddress } from '../../config/redis-url.ts';
import { readPasswordFile } from '../password-file.ts';
import { readTls, type Tls } from '../tls.ts';
import { CredentialsError } from '../credentials-error.ts';

/** Where Redis is and how to log in. What the URL says itself wins over the rest. */
export interface RedisServer {
  /** See `config/redis-url.ts`. */
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  /** Read again for each new connection. */
  passwordFile?: string | undefined;
  sentinelUser?: string | undefined;
  sentinelPassword?: string | undefined;
  /** The path of a PEM file, or PEM text; so are `cert` and `key`. */
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}

export function redisServer(environment: Environment): RedisServer {
  return {
    url: environment.REDIS_URL,
    user: environment.REDIS_USER,
    password: environment.REDIS_PASSWORD,
    passwordFile: environment.REDIS_PASSWORD_FILE,
    sentinelUser: environment.REDIS_SENTINEL_USER,
    sentinelPassword: environment.REDIS_SENTINEL_PASSWORD,
    ca: environment.REDIS_CA,
    cert: environment.REDIS_CERT,
    key: environment.REDIS_KEY,
  };
}

/** What may change while a process runs. */
export interface Credentials {
  password?: string;
  /** Undefined without TLS. */
  tls?: Tls;
}

export interface ConnectionSettings {
  address: RedisAddress;
  user?: string;
  /** Reads the files now. Throws a CredentialsError for what cannot be used. */
  credentials(): Credentials;
}

export function connectionSettings(server: RedisServer): ConnectionSettings {
  const address = parseRedisUrl(server.url);
  const { ca, cert, key, passwordFile } = server;
  const sources = { ca, cert, key };
  if (!address.tls && Object.values(sources).some((source) => source !== undefined)) {
    throw new CredentialsError(
      'REDIS_CA, REDIS_CERT and REDIS_KEY need TLS: write rediss:// in REDIS_URL, or unset them.',
    );
  }
  if (server.password !== undefined && passwordFile !== undefined) {
    throw new CredentialsError('Set only one of REDIS_PASSWORD and REDIS_PASSWORD_FILE.');
  }
  const user = address.user ?? server.user;
  return {
    address,
    ...(user !== undefined && { user }),
    credentials() {
      const password =
        address.password ??
        (passwordFile === undefined ? server.password : readPasswordFile(passwordFile, 'REDIS_PASSWORD_FILE'));
      return {
        ...(password !== undefined && { password }),
        ...(address.tls && { tls: readTls(sources, { ca: 'REDIS_CA', cert: 'REDIS_CERT', key: 'REDIS_KEY' }) }),
      };
    },
  };
}

/** Hosts and ports, without credentials. */
export function redisAddress({ url }: RedisServer): string {
  const { nodes, name } = parseRedisUrl(url);
  const hosts = nodes
    .map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`))
    .join(', ');
  return name === undefined ? hosts : `${hosts} (${name})`;
}
