import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { type Account, createAccount } from './account.ts';
import { createConsents, type Consents } from './consents.ts';
import { createContacts, type Contacts } from './contacts.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { createDepartures, type Departures } from './departures.ts';
import { createEngagement, type Engagement } from './engagement.ts';
import { createEntries, type Entries } from './entries.ts';
import { createFacts, type Facts } from './facts.ts';
import { createHeardEvents, type HeardEvents } from './heard.ts';
import { createKeys } from './keys.ts';
import { createRates, type Rates } from './rates.ts';
import { createRecipients, type Recipients } from './recipients.ts';
import type { Redis } from './redis.ts';
import { createRunningJourneys, type RunningJourneys } from './running.ts';
import { createSends, type Sends } from './sends.ts';
import { createStops, type Stops } from './stops.ts';
import { createSuppressionSync, type SuppressionSync } from './suppression-sync.ts';
import { createSuppressions, type Suppressions } from './suppressions.ts';
import { createTemplateVersions, type TemplateVersions } from './template-versions.ts';
import { createLiveWorkers, type LiveWorkers } from './workers.ts';

/** Everything Rivulet remembers, over one Redis connection. */
export interface Memory {
  contacts: Contacts;
  consents: Consents;
  suppressions: Suppressions;
  suppressionSync: SuppressionSync;
  recipients: Recipients;
  facts: Facts;
  engagement: Engagement;
  sends: Sends;
  departures: Departures;
  rates: Rates;
  account: Account;
  stops: Stops;
  workers: LiveWorkers;
  running: RunningJourneys;
  heard: HeardEvents;
  deadLetters: DeadLetters;
  entries: Entries;
  templates: TemplateVersions;
  /** The keyed hash of an address: what suppressions, facts and recipients go by. */
  addressHash(address: string): string;
}

export interface MemorySettings {
  keyPrefix: string;
  secret: string;
  /** Mails per second for the whole account. */
  rateLimit: number;
  /** The share of the account's daily quota that only transactional mail may use. */
  quotaReserve: number;
  rememberSendsMs: number;
  /** How long what was decided about an event is remembered; without it, 30 days. */
  rememberDecisionsMs?: number;
  /** Each claim waits until it is on disk; see `waitsForDisk` of durability.ts. */
  waitForDisk?: boolean;
}

/** What the configuration says about memory. */
export function memorySettings(config: Config, environment: Environment): MemorySettings {
  return {
    keyPrefix: config.suppression.key_prefix,
    secret: environment.RIVULET_SECRET,
    rateLimit: config.provider.rate_limit,
    quotaReserve: config.provider.quota_reserve,
    rememberSendsMs: config.provider.remember_sends,
    // An event that comes again while it is in the stream must find its answer.
    rememberDecisionsMs: Math.max(config.decisions.remember, config.queues.marketing_events.max_age),
  };
}

export function createMemory(redis: Redis, settings: MemorySettings): Memory {
  const keys = createKeys(settings.keyPrefix, settings.secret);
  const { rateLimit: perSecond, quotaReserve, rememberSendsMs: rememberMs, waitForDisk } = settings;
  const sends = createSends(redis, keys, { rememberMs, perSecond, quotaReserve, waitForDisk });
  return {
    contacts: createContacts(redis, keys),
    consents: createConsents(redis, keys),
    suppressions: createSuppressions(redis, keys),
    suppressionSync: createSuppressionSync(redis, keys),
    recipients: createRecipients(redis, keys),
    facts: createFacts(redis, keys),
    engagement: createEngagement(redis, keys),
    sends,
    departures: createDepartures(redis, keys, { rememberMs, perSecond, quotaReserve }, sends.claimOnDisk),
    rates: createRates(redis, keys, perSecond, quotaReserve),
    account: createAccount(redis, keys, perSecond),
    stops: createStops(redis, keys),
    workers: createLiveWorkers(redis, keys),
    running: createRunningJourneys(redis, keys),
    heard: createHeardEvents(redis, keys),
    deadLetters: createDeadLetters(redis, keys),
    entries: createEntries(redis, keys, settings.rememberDecisionsMs ?? 30 * 86_400_000),
    templates: createTemplateVersions(redis, keys),
    addressHash: keys.addressHash,
  };
}
