import { execFileSync } from 'node:child_process';
import { chownSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
} from '@nats-io/jwt';
import { Redis } from 'ioredis';

import { choosePorts } from '../../local/servers/ports.ts';
import { serverUser } from '../../local/servers/server-user.ts';
import { serverProcess } from '../../local/servers/server-process.ts';
import { temporaryFolder } from '../../local/servers/temporary-folder.ts';
import type { Authority, Certificate } from './certificates.ts';
import { type ConfiguredNats, startConfiguredNats } from './configured-nats.ts';
import { asAdmin, createTemplateDatabase } from './database.ts';
import { programOf } from './installed.ts';
import { type OwnPostgres, startOwnPostgres } from './own-postgres.ts';
import { startRedisServers } from './redis-servers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const deployed = (file: string) => readFileSync(join(root, 'deploy', file), 'utf8');

// Servers as a careful company runs them: nobody gets in without a certificate or a password, and with the rights of their role only.

export type NatsRole = 'ingress' | 'producer' | 'cli-operator' | 'ses-stand-in';

/** NATS with an operator, an account, and a JWT for each role, which carries the permissions of deploy/nats. */
export async function securedNats(authority: Authority, server: Certificate) {
  const [operator, account, system] = [createOperator(), createAccount(), createAccount()];
  const none = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const limits = { ...none, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, subs: -1 };
  const accounts = [
    [account.getPublicKey(), await encodeAccount('rivulet', account, { limits }, { signer: operator })],
    [system.getPublicKey(), await encodeAccount('system', system, {}, { signer: operator })],
  ];
  const trusted = await encodeOperator('operator', operator, { system_account: system.getPublicKey() });
  const nats: ConfiguredNats = await startConfiguredNats(
    () => `operator: ${trusted}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${accounts.map((pair) => pair.join(': ')).join('\n')} }
tls { cert_file: "${server.certificate}", key_file: "${server.key}", ca_file: "${authority.ca}" }`,
  );
  const as = async (role: NatsRole) => {
    const user = createUser();
    const jwt = await encodeUser(role, user, account, permissionsOf(role));
    const file = join(nats.dir, `${role}.creds`);
    writeFileSync(file, fmtCreds(jwt, user), { mode: 0o600 });
    return {
      NATS_URL: `tls://localhost:${nats.port}`,
      NATS_CREDS: file,
      NATS_CA: authority.ca,
      NATS_USER: '',
      NATS_PASSWORD: '',
    };
  };
  return { as, log: nats.log, stop: nats.stop };
}

/** The same subjects as in the server's own configuration, for a JWT. */
function permissionsOf(role: NatsRole) {
  const text = deployed(`nats/${role}.conf`).replaceAll(/#.*/g, '');
  const [publish = '', subscribe = ''] = text.split(/^subscribe:/m);
  const subjectsIn = (part: string) => [...part.matchAll(/"([^"]+)"/g)].map(([, subject = '']) => subject);
  return { pub: { allow: subjectsIn(publish) }, sub: { allow: subjectsIn(subscribe) } };
}

/** A Redis Cluster with TLS that wants client certificates, and the user of deploy/redis/users.acl. `prefix`: that of its keys. */
export async function securedRedis(authority: Authority, server: Certificate, client: Certificate, prefix: string) {
  const password = 'a password of Redis';
  const tls = { ca: authority.pem, cert: client.pem.cert, key: client.pem.key };
  const acl = deployed('redis/users.acl')
    .replaceAll('rivulet:', prefix)
    .replace('REPLACE-ME', password.replaceAll(' ', '-'));
  const servers = await startRedisServers(
    1,
    (_, [port], folder) => {
      writeFileSync(join(folder, 'users.acl'), `${acl.trim()}\nuser admin on >admin ~* &* +@all\n`);
      return [
        'port 0',
        `tls-port ${port}`,
        `tls-cert-file ${server.certificate}`,
        `tls-key-file ${server.key}`,
        `tls-ca-cert-file ${authority.ca}`,
        'tls-cluster yes',
        `aclfile ${join(folder, 'users.acl')}`,
        'cluster-enabled yes',
        'cluster-announce-hostname localhost',
        'cluster-preferred-endpoint-type hostname',
      ];
    },
    async (port) => asRedisAdmin(port, tls, async (redis) => (await redis.ping()) === 'PONG'),
  );
  const { port } = servers.nodes[0]!;
  await asRedisAdmin(port, tls, async (redis) => {
    await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
      if (String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) return true;
    }
    throw new Error('the Cluster did not become ready');
  });
  return {
    variables: {
      REDIS_URL: `rediss+cluster://localhost:${port}`,
      REDIS_USER: 'rivulet',
      REDIS_PASSWORD: password.replaceAll(' ', '-'),
      REDIS_CA: authority.ca,
      REDIS_CERT: client.certificate,
      REDIS_KEY: client.key,
    },
    stop: servers.stop,
  };
}

async function asRedisAdmin<T>(port: number, tls: object, use: (redis: Redis) => Promise<T>): Promise<T> {
  const login = { username: 'admin', password: 'admin', lazyConnect: true, retryStrategy: () => null };
  const redis = new Redis({ port, host: 'localhost', tls, ...login });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** A Postgres that lets in only its administrator without TLS, and the roles with TLS and a password. */
export async function securedPostgres(authority: Authority, server: Certificate): Promise<OwnPostgres> {
  const user = serverUser(root);
  const owned = (path: string, text: string) => {
    writeFileSync(path, text, { mode: 0o600 });
    if (user) chownSync(path, user.uid, user.gid);
    return path;
  };
  const hba = (dataDir: string, rules: string) =>
    owned(join(dataDir, 'hba.conf'), `host all postgres 127.0.0.1/32 trust\n${rules}\n`);
  const postgres = await startOwnPostgres({
    prepare: async (dataDir) => {
      owned(join(dataDir, 'server.pem'), server.pem.cert);
      owned(join(dataDir, 'server.key'), server.pem.key);
      owned(join(dataDir, 'ca.pem'), authority.pem);
      hba(dataDir, 'host all all 127.0.0.1/32 trust');
    },
    settings: (dataDir) => ({
      ssl: 'on',
      ssl_cert_file: join(dataDir, 'server.pem'),
      ssl_key_file: join(dataDir, 'server.key'),
      ssl_ca_file: join(dataDir, 'ca.pem'),
      hba_file: join(dataDir, 'hba.conf'),
    }),
  });
  await createTemplateDatabase(postgres.url); // by the roles, which have no passwords yet
  hba(postgres.dataDir, 'hostssl all all 127.0.0.1/32 scram-sha-256');
  await asAdmin(postgres.url, 'SELECT pg_reload_conf()');
  return postgres;
}

/** PgBouncer in transaction mode: TLS on both sides, `verify-full` towards Postgres, passwords of the two roles. */
export async function securedPgBouncer(database: string, authority: Authority, server: Certificate) {
  const passwords = { rivulet_app: 'app-password', rivulet_owner: 'owner-password' };
  for (const [role, password] of Object.entries(passwords)) {
    await asAdmin(database, `ALTER ROLE ${role} PASSWORD '${password}'`);
  }
  const folder = temporaryFolder('rivulet-pgbouncer-tls-');
  chmodSync(folder, 0o711);
  const user = serverUser(folder);
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (user) chownSync(path, user.uid, user.gid);
    return path;
  };
  const { port } = await choosePorts({ port: undefined }, 'free');
  const ca = file('ca.pem', authority.pem);
  const settings = file(
    'pgbouncer.ini',
    `[databases]
* = host=localhost port=${new URL(database).port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${file(
      'users.txt',
      Object.entries(passwords)
        .map(([role, password]) => `"${role}" "${password}"`)
        .join('\n'),
    )}
pool_mode = transaction
default_pool_size = 5
max_client_conn = 500
client_tls_sslmode = require
client_tls_cert_file = ${file('server.pem', server.pem.cert)}
client_tls_key_file = ${file('server.key', server.pem.key)}
server_tls_sslmode = verify-full
server_tls_ca_file = ${ca}
`,
  );
  const pooler = serverProcess(
    {
      name: 'postgres',
      binary: programOf('pgbouncer')!,
      args: [settings],
      user,
      cwd: folder,
      stopSignal: 'SIGINT',
      logFile: join(folder, 'pgbouncer.log'),
      healthy: async () => {
        execFileSync('openssl', ['s_client', '-starttls', 'postgres', '-connect', `127.0.0.1:${port}`], {
          input: '',
          stdio: 'pipe',
        });
        return true;
      },
    },
    () => {},
  );
  await pooler.start();
  const at = (role: keyof typeof passwords) =>
    `postgres://${role}:${passwords[role]}@localhost:${port}${new URL(database).pathname}?sslmode=verify-full`;
  return {
    variables: {
      POSTGRES_URL: at('rivulet_app'),
      POSTGRES_MIGRATION_URL: at('rivulet_owner'),
      POSTGRES_CA: authority.ca,
    },
    stop: () => pooler.stop(),
  };
}
