/** One Redis server, a primary monitored by Sentinels, or a Cluster. */
export interface RedisAddress {
  kind: 'server' | 'sentinel' | 'cluster';
  tls: boolean;
  user?: string;
  password?: string;
  /** The server, the Sentinels, or some nodes of the Cluster. */
  nodes: { host: string; port: number }[];
  /** What the Sentinels call the primary. */
  name?: string;
  db: number;
}

const forms =
  'must be redis://user:password@host:port, redis+sentinel://host:port,host:port/name or redis+cluster://host:port,host:port; with TLS rediss://, rediss+sentinel:// or rediss+cluster://';

const kinds: Readonly<Record<string, RedisAddress['kind']>> = {
  '': 'server',
  sentinel: 'sentinel',
  cluster: 'cluster',
};

/**
 * Reads REDIS_URL. User and password are those of the servers, not of the Sentinels, and percent-encoded. Throws an
 * Error that describes a valid URL and quotes no part of this one.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const [, scheme, kindName = '', rest = ''] = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(.+)$/.exec(url) ?? [];
  const kind = kinds[kindName];
  if (scheme === undefined || kind === undefined) throw new Error(forms);
  const at = rest.lastIndexOf('@');
  const [hosts = '', ...path] = rest.slice(at + 1).split('/');
  if (path.length > (kind === 'sentinel' ? 2 : 1) || /[?#]/.test(rest.slice(at + 1))) throw new Error(forms);
  const nodes = hosts.split(',').map((node) => parseNode(node, kind === 'sentinel' ? 26_379 : 6_379));
  if (kind === 'server' && nodes.length > 1) {
    throw new Error('has several servers: use redis+sentinel:// for Sentinels, or redis+cluster:// for a Cluster');
  }
  const name = kind === 'sentinel' ? path.shift() : undefined;
  if (kind === 'sentinel' && !name) {
    throw new Error('has no name of the primary: redis+sentinel://host:port,host:port/name, such as /mymaster');
  }
  const db = Number(path[0] || 0);
  if (!Number.isInteger(db) || db < 0) throw new Error('must end with the number of a database, such as /0');
  if (kind === 'cluster' && db !== 0) throw new Error('must not name a database: a Cluster has database 0 only');
  return {
    kind,
    tls: scheme === 'rediss',
    ...credentialsIn(rest.slice(0, Math.max(at, 0))),
    nodes,
    db,
    ...(name && { name }),
  };
}

function parseNode(text: string, defaultPort: number): { host: string; port: number } {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) throw new Error(forms);
  return { host: host.replaceAll(/^\[|\]$/g, ''), port: port === undefined ? defaultPort : Number(port) };
}

function credentialsIn(text: string): { user?: string; password?: string } {
  const colon = text.indexOf(':');
  try {
    const user = decodeURIComponent(colon < 0 ? text : text.slice(0, colon));
    const password = colon < 0 ? '' : decodeURIComponent(text.slice(colon + 1));
    return { ...(user && { user }), ...(password && { password }) };
  } catch {
    throw new Error('has a % in its user or password that is not percent-encoded: write %25');
  }
}
