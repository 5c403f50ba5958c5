import type { Mailer } from '../activities/mailers/mailer.ts';
import { ProviderError } from '../activities/mailers/provider-error.ts';
import { emailHeaders } from '../activities/email-headers.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { StartError } from '../runtime/stop-signal.ts';
import { connectPostgres } from '../store/postgres/connect.ts';
import { postgresServer } from '../store/postgres/settings.ts';
import { createInstallation } from '../store/postgres/installation.ts';
import { connectRedis } from '../store/redis/connect.ts';
import { redisServer } from '../store/redis/settings.ts';
import { createStore, storeSettings } from '../store/store.ts';
import type { HistoryEntry, TemplateVersions } from '../store/template-versions.ts';
import { createMailer } from '../worker/mailer.ts';

export { emailHeaders, ProviderError };
export type { HistoryEntry, Mailer };

/** Published versions, to look at. */
export type Versions = Pick<TemplateVersions, 'live' | 'pinned' | 'history' | 'load'>;

export interface Product {
  versions: Versions;
  mailer: Pick<Mailer, 'send'>;
  /** Calls back whenever another version is live somewhere. */
  onPublished(changed: () => void): void;
  /** Throws a StartError when RIVULET_SECRET is not the installation's; an installation that cannot be asked refuses nothing. */
  checkSecret(): Promise<void>;
  close(): Promise<void>;
}

/** Waits for nothing: what needs Postgres or Redis says so while it is unavailable. */
export function connectProduct(config: Config, environment: Environment): Product {
  const postgres = connectPostgres({ ...postgresServer(environment), connections: 4, name: 'rivulet-preview' });
  const redis = connectRedis(redisServer(environment), () => undefined);
  const { account, templates: versions } = createStore({ postgres, redis }, storeSettings(config, environment));
  const mailer = createMailer(config, environment, account, 1);
  const following: { close(): void }[] = [];
  return {
    versions,
    mailer,
    onPublished: (changed) => void following.push(versions.onChange(changed)),
    async checkSecret() {
      const { RIVULET_SECRET: secret, RIVULET_SECRET_PREVIOUS: previous } = environment;
      const why = await createInstallation(postgres)
        .verify({ secret, previous })
        .catch(() => undefined); // it is unavailable, or has no schema yet: nothing is hashed or signed here
      if (why !== undefined) throw new StartError(why);
    },
    async close() {
      for (const { close } of following) close();
      mailer.close();
      redis.disconnect();
      await postgres.close();
    },
  };
}
