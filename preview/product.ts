import type { Mailer } from '../activities/mailers/mailer.ts';
import { unsubscribeHeaders } from '../activities/unsubscribe-headers.ts';
import { createMemory, memorySettings } from '../state/memory.ts';
import { connectRedis } from '../state/redis.ts';
import type { HistoryEntry, TemplateVersions } from '../state/template-versions.ts';
import { createMailer } from '../worker/mailer.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';

export { unsubscribeHeaders };
export type { HistoryEntry, Mailer };

/** Published versions, to look at. */
export type Versions = Pick<TemplateVersions, 'live' | 'pinned' | 'history' | 'load'>;

export interface Product {
  versions: Versions;
  mailer: Pick<Mailer, 'send'>;
  /** Calls back whenever another version is live somewhere. */
  onPublished(changed: () => void): void;
  close(): void;
}

/** Waits for nothing: what needs Redis says so while it is away. */
export function connectProduct(config: Config, environment: Environment): Product {
  const redis = connectRedis(environment.REDIS_URL, () => undefined);
  const memory = createMemory(redis, memorySettings(config, environment));
  const mailer = createMailer(config, environment, memory.account, 1);
  const following: { close(): void }[] = [];
  return {
    versions: memory.templates,
    mailer,
    onPublished: (changed) => void following.push(memory.templates.onChange(changed)),
    close() {
      for (const { close } of following) close();
      mailer.close();
      redis.disconnect();
    },
  };
}
