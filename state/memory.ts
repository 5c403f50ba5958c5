import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { createConsents, type Consents } from './consents.ts';
import { createContacts, type Contacts } from './contacts.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { createHeardEvents, type HeardEvents } from './heard.ts';
import { createKeys } from './keys.ts';
import { createRates, type Rates } from './rates.ts';
import type { Redis } from './redis.ts';
import { createRunningJourneys, type RunningJourneys } from './running.ts';
import { createSends, type Sends } from './sends.ts';
import { createSuppressions, type Suppressions } from './suppressions.ts';

/** Everything Rivulet remembers, over one Redis connection. */
export interface Memory {
  contacts: Contacts;
  consents: Consents;
  suppressions: Suppressions;
  sends: Sends;
  rates: Rates;
  running: RunningJourneys;
  heard: HeardEvents;
  deadLetters: DeadLetters;
}

export interface MemorySettings {
  keyPrefix: string;
  secret: string;
  /** Mails per second for the whole account. */
  rateLimit: number;
  rememberSendsMs: number;
}

/** What the configuration says about memory. */
export function memorySettings(config: Config, environment: Environment): MemorySettings {
  return {
    keyPrefix: config.suppression.key_prefix,
    secret: environment.RIVULET_SECRET,
    rateLimit: config.provider.rate_limit,
    rememberSendsMs: config.provider.remember_sends,
  };
}

export function createMemory(redis: Redis, settings: MemorySettings): Memory {
  const keys = createKeys(settings.keyPrefix, settings.secret);
  return {
    contacts: createContacts(redis, keys),
    consents: createConsents(redis, keys),
    suppressions: createSuppressions(redis, keys),
    sends: createSends(redis, keys, settings.rememberSendsMs),
    rates: createRates(redis, keys, settings.rateLimit),
    running: createRunningJourneys(redis, keys),
    heard: createHeardEvents(redis, keys),
    deadLetters: createDeadLetters(redis, keys),
  };
}
