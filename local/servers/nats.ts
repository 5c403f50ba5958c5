import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NatsVariables, natsVariables } from '../../config/nats-access.ts';
import type { ServerRecipe } from './server-process.ts';

export interface NatsOptions {
  binary: string;
  dataDir: string;
  port: number;
  monitorPort: number;
  durable: boolean;
}

/** Whoever has a file of permissions in deploy/nats. */
const roles = ['ingress', 'producer', 'ses-stand-in', 'cli-read-only', 'cli-operator'] as const;

/**
 * No secret: a laptop's NATS listens on loopback only, and lets those in who have no password, with every right. The users are there so
 * that what `npm start` and the tests run proves that each has the permissions it needs.
 */
const password = 'local';

/** The variables of a process that logs in as this role, and no other way. */
export function natsLogin(role: (typeof roles)[number], url: string): Record<keyof NatsVariables, string> {
  const none = Object.fromEntries(natsVariables.map((name) => [name, ''])) as Record<keyof NatsVariables, string>;
  return { ...none, NATS_URL: url, NATS_USER: role, NATS_PASSWORD: password };
}

/** NATS with JetStream on disk. It has no flag for `sync_interval`, hence the file. */
export function nats(options: NatsOptions): ServerRecipe {
  const dir = join(options.dataDir, 'nats');
  mkdirSync(dir, { recursive: true, mode: 0o700 }); // events, with the addresses of people
  const config = join(options.dataDir, 'nats.conf');
  writeFileSync(config, natsConfig(options, dir));
  return {
    name: 'nats',
    binary: options.binary,
    args: ['--config', config],
    logFile: join(options.dataDir, 'nats.log'),
    // Without `js-enabled-only` it also waits until every stream and consumer is recovered.
    healthy: async () => {
      const url = `http://127.0.0.1:${options.monitorPort}/healthz`;
      return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
    },
  };
}

function natsConfig({ port, monitorPort, durable }: NatsOptions, dir: string): string {
  return `# Written at every start; changes here are lost.
server_name: rivulet-local
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(dir)}
  # NATS acknowledges a publish before it is on disk, unless told otherwise. Unquoted, 2m would be two million seconds.
  sync_interval: ${durable ? 'always' : '"2m"'}
}
authorization {
  users: [
    { user: anyone }
${roles.map(userOf).join('\n')}
  ]
}
no_auth_user: anyone
`;
}

function userOf(role: (typeof roles)[number]): string {
  const permissions = readFileSync(new URL(`../../deploy/nats/${role}.conf`, import.meta.url), 'utf8');
  return `{ user: ${role}, password: ${password}, permissions: {\n${permissions} } }`;
}
