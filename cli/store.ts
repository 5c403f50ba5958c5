import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createInstallation } from '../store/postgres/installation.ts';
import type { Postgres } from '../store/postgres/connect.ts';
import { createTemplateVersions } from '../store/postgres/template-versions.ts';
import { createNotifications } from '../store/redis/notifications.ts';
import { connectRedis, redisReady } from '../store/redis/connect.ts';
import { redisServer } from '../store/redis/settings.ts';
import { createStore, type Store, type StoreSettings, storeSettings } from '../store/store.ts';
import type { TemplateVersions } from '../store/template-versions.ts';
import { configFor } from './config-for.ts';
import { withPostgres } from './connect/postgres.ts';
import { withRedis } from './connect/redis.ts';
import { NotDone } from './wrong-use.ts';

export interface OpenStore {
  store: Store;
  config: Config;
}

/** What is remembered, for commands that hash no address: `addressHash` refuses. */
export function withStore<T>(env: NodeJS.ProcessEnv, use: (found: OpenStore) => Promise<T>): Promise<T> {
  const { config, environment } = configFor(env);
  return withPostgres(env, (postgres) =>
    open(env, postgres, storeSettings(config, environment), (found) =>
      use({
        ...found,
        config,
        store: { ...found.store, addressHash: refuseToHash, addressHashes: refuseToHash },
      }),
    ),
  );
}

function refuseToHash(): never {
  throw new Error('without RIVULET_SECRET no address can be hashed');
}

/** The same for commands that do, with the secret that the workers have: under another, every hash would be another. */
export function withSecretStore<T>(env: NodeJS.ProcessEnv, use: (found: OpenStore) => Promise<T>): Promise<T> {
  if (!env['RIVULET_SECRET']) {
    throw new NotDone(
      'RIVULET_SECRET is not set, and no `npm start` runs in this folder whose secret could be taken. Addresses are hashed with it: set the one that worker and ingress have, or name addresses by their hash.',
    );
  }
  const { config, environment } = loadConfig(env);
  const { RIVULET_SECRET: secret, RIVULET_SECRET_PREVIOUS: previous } = environment;
  return withPostgres(env, async (postgres) => {
    const why = await createInstallation(postgres).agree({ secret, previous });
    if (why !== undefined) throw new NotDone(`${why} Nothing was done.`);
    return open(env, postgres, storeSettings(config, environment), (found) => use({ ...found, config }));
  });
}

function open<T>(
  env: NodeJS.ProcessEnv,
  postgres: Postgres,
  settings: StoreSettings,
  use: (found: Omit<OpenStore, 'config'>) => Promise<T>,
): Promise<T> {
  return withRedis(env, (redis) => use({ store: createStore({ postgres, redis }, settings) }));
}

/** How long a command waits for Redis, which only notifies, in ms. */
const forRedisMs = 1_000;

/** Published templates. While Redis is unavailable, workers follow after `templates.cache_ttl` instead of immediately. */
export function withTemplates<T>(env: NodeJS.ProcessEnv, use: (templates: TemplateVersions) => Promise<T>): Promise<T> {
  const { config, environment } = configFor(env);
  return withPostgres(env, async (postgres) => {
    const redis = connectRedis(redisServer(environment), () => {});
    try {
      await Promise.race([redisReady(redis).catch(() => {}), new Promise((late) => setTimeout(late, forRedisMs))]);
      return await use(createTemplateVersions(postgres, createNotifications(redis, config.suppression.key_prefix)));
    } finally {
      redis.disconnect();
    }
  });
}
