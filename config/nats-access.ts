/** The variables that configure the connection to NATS. An empty one counts as not set. */
export type NatsVariables = { [Name in (typeof natsVariables)[number]]?: string | undefined };

export const natsVariables = [
  'NATS_URL',
  'NATS_USER',
  'NATS_PASSWORD',
  'NATS_PASSWORD_FILE',
  'NATS_TOKEN',
  'NATS_TOKEN_FILE',
  'NATS_NKEY',
  'NATS_CREDS',
  'NATS_CA',
  'NATS_CERT',
  'NATS_KEY',
  'NATS_JS_DOMAIN',
  'NATS_JS_PREFIX',
] as const;

/** The one way in which this process logs in. `from` names the variables, for messages. */
export type NatsLogin = { from: string } & (
  | { way: 'none' }
  | { way: 'password'; user: string; password: string }
  | { way: 'passwordFile'; user: string; file: string }
  | { way: 'token'; token: string }
  | { way: 'tokenFile'; file: string }
  /** A seed, or the path of its file. */
  | { way: 'nkey'; nkey: string }
  /** The content of a creds file, or its path. */
  | { way: 'creds'; creds: string }
);

export interface NatsAccess {
  /** `host:port`, without user and password. */
  servers: readonly string[];
  login: NatsLogin;
  /** TLS is required: an address starts with `tls://`, or certificates are set. */
  tls: boolean;
  /** Each is PEM, or the path of a file. */
  ca?: string;
  cert?: string;
  key?: string;
  jetstream: { domain?: string; apiPrefix?: string };
}

const address =
  'must be nats://host:4222 or tls://host:4222, with user:password@ or token@ before the host if needed, and several ' +
  'servers separated by commas. Percent-encode characters such as @ : / , # in a password';

/** Reads the variables, but no files. Mistakes name variables and never quote a value, which may be a secret. */
export function readNatsAccess(variables: NatsVariables): { access: NatsAccess; mistakes: string[] } {
  const set: NatsVariables = Object.fromEntries(natsVariables.map((name) => [name, variables[name] || undefined]));
  const mistakes: string[] = [];
  const refuse = (names: string, why: string) => void mistakes.push(`environment ${names}: ${why}`);

  const servers = (set.NATS_URL ?? 'nats://127.0.0.1:4222').split(',').map(readServer);
  const found = servers.filter((server) => server !== undefined);
  const [first] = found;
  if (found.length < servers.length) refuse('NATS_URL', address);
  else if (found.some(({ user, password }) => user !== first?.user || password !== first.password)) {
    refuse('NATS_URL', 'must have the same user and password for every server, or for none');
  }

  const logins: NatsLogin[] = [];
  if (first?.user) {
    const { user, password } = first;
    logins.push({
      from: 'NATS_URL',
      ...(password === '' ? { way: 'token', token: user } : { way: 'password', user, password }),
    });
  }
  const { NATS_USER: user, NATS_PASSWORD: password, NATS_PASSWORD_FILE: passwordFile } = set;
  const given = passwordFile === undefined ? 'NATS_PASSWORD' : 'NATS_PASSWORD_FILE';
  if (password !== undefined && passwordFile !== undefined) {
    refuse('NATS_PASSWORD, NATS_PASSWORD_FILE', 'are both set. Set one of them');
  }
  if ((user === undefined) !== ((password ?? passwordFile) === undefined)) {
    const [have, lack] = user === undefined ? [given, 'NATS_USER'] : ['NATS_USER', 'NATS_PASSWORD'];
    refuse(have, `needs ${lack}`);
  }
  if (user !== undefined) {
    const from = `NATS_USER and ${given}`;
    logins.push(
      passwordFile === undefined
        ? { from, way: 'password', user, password: password ?? '' }
        : { from, way: 'passwordFile', user, file: passwordFile },
    );
  }
  if (set.NATS_TOKEN) logins.push({ from: 'NATS_TOKEN', way: 'token', token: set.NATS_TOKEN });
  if (set.NATS_TOKEN_FILE) logins.push({ from: 'NATS_TOKEN_FILE', way: 'tokenFile', file: set.NATS_TOKEN_FILE });
  if (set.NATS_NKEY) logins.push({ from: 'NATS_NKEY', way: 'nkey', nkey: set.NATS_NKEY });
  if (set.NATS_CREDS) logins.push({ from: 'NATS_CREDS', way: 'creds', creds: set.NATS_CREDS });
  const [login = { from: 'no variable', way: 'none' } as const, ...others] = logins;
  if (others.length > 0) {
    const names = logins.map(({ from }) => (from === 'NATS_URL' ? 'user or token in NATS_URL' : from)).join(', ');
    refuse(names, `are ${logins.length} ways to log in to NATS. Keep one and unset the others`);
  }

  const { NATS_CA: ca, NATS_CERT: cert, NATS_KEY: key } = set;
  if ((cert === undefined) !== (key === undefined)) {
    const [have, lack] = cert === undefined ? ['NATS_KEY', 'NATS_CERT'] : ['NATS_CERT', 'NATS_KEY'];
    refuse(have, `needs ${lack}: a certificate and its private key are used together`);
  }
  const { NATS_JS_DOMAIN: domain, NATS_JS_PREFIX: apiPrefix } = set;
  if (domain && !/^[^\s.*>]+$/.test(domain)) refuse('NATS_JS_DOMAIN', 'must be one word without dots, such as hub');
  if (apiPrefix && !/^[^\s.*>]+(\.[^\s.*>]+)*\.?$/.test(apiPrefix)) {
    refuse('NATS_JS_PREFIX', 'must be a subject without wildcards, such as $JS.hub.API');
  }
  if (domain && apiPrefix) {
    refuse('NATS_JS_DOMAIN, NATS_JS_PREFIX', 'are alternatives: the domain hub is the prefix $JS.hub.API. Keep one');
  }

  const access: NatsAccess = {
    servers: found.map(({ host }) => host),
    login,
    tls: found.some(({ tls }) => tls) || ca !== undefined || cert !== undefined,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    jetstream: { ...(domain && { domain }), ...(apiPrefix && { apiPrefix }) },
  };
  return { access, mistakes };
}

interface Server {
  host: string;
  tls: boolean;
  /** Empty when the address has none. */
  user: string;
  password: string;
}

/** Returns undefined for an invalid address, or if part of a password may have been parsed as something else. */
function readServer(server: string): Server | undefined {
  const text = server.trim();
  try {
    const url = new URL(text.includes('://') ? text : `nats://${text}`);
    const { protocol, hostname, pathname, search, hash } = url;
    const isPlain = hostname !== '' && ['', '/'].includes(pathname) && search === '' && hash === '';
    if (!isPlain || !['nats:', 'tls:'].includes(protocol)) return undefined;
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    if (user === '' && password !== '') return undefined;
    return { host: `${hostname}:${url.port || 4222}`, tls: protocol === 'tls:', user, password };
  } catch {
    return undefined;
  }
}
