import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import type { Account } from './account.ts';
import { type AddressHashes, createAddressHashes } from './address-hash.ts';
import type { Consents } from './consents.ts';
import type { Contacts } from './contacts.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Engagement } from './engagement.ts';
import type { Entries } from './entries.ts';
import type { Events } from './events.ts';
import type { Facts } from './facts.ts';
import type { FeedProgress } from './feed.ts';
import type { Postgres } from './postgres/connect.ts';
import { createConsents } from './postgres/consents.ts';
import { createContacts } from './postgres/contacts.ts';
import { createDeadLetters } from './postgres/dead-letters.ts';
import { createEngagement } from './postgres/engagement.ts';
import { createEntries } from './postgres/entries.ts';
import { createEvents } from './postgres/events.ts';
import { createFacts } from './postgres/facts.ts';
import { createFeedProgress } from './postgres/feed.ts';
import { createRecipients } from './postgres/recipients.ts';
import { createRunningJourneys } from './postgres/running.ts';
import { createSends } from './postgres/sends.ts';
import { createStops } from './postgres/stops.ts';
import { createSuppressionSync } from './postgres/suppression-sync.ts';
import { createSuppressions } from './postgres/suppressions.ts';
import { createTemplateVersions } from './postgres/template-versions.ts';
import type { ProviderState } from './provider.ts';
import type { Recipients } from './recipients.ts';
import { createAccount } from './redis/account.ts';
import type { Redis } from './redis/connect.ts';
import { createRedisKeys } from './redis/keys.ts';
import { createProviderState } from './redis/provider.ts';
import { createNotifications } from './redis/notifications.ts';
import { createSlots } from './redis/slots.ts';
import { createSuppressionMirror, withMirror } from './redis/suppression-mirror.ts';
import type { RunningJourneys } from './running.ts';
import type { Sends } from './sends.ts';
import type { Slots } from './slots.ts';
import type { Stops } from './stops.ts';
import type { SuppressionMirror } from './suppression-mirror.ts';
import type { SuppressionSync } from './suppression-sync.ts';
import type { Suppressions } from './suppressions.ts';
import type { TemplateVersions } from './template-versions.ts';

/** Everything Rivulet remembers. */
export interface Store {
  contacts: Contacts;
  consents: Consents;
  suppressions: Suppressions;
  suppressionSync: SuppressionSync;
  /** With `suppression.storage: redis`. */
  suppressionMirror?: SuppressionMirror;
  recipients: Recipients;
  facts: Facts;
  engagement: Engagement;
  events: Events;
  entries: Entries;
  running: RunningJourneys;
  deadLetters: DeadLetters;
  sends: Sends;
  feed: FeedProgress;
  stops: Stops;
  templates: TemplateVersions;
  slots: Slots;
  account: Account;
  provider: ProviderState;
  /** The keyed hash of an address: what suppressions, facts and recipients go by. */
  addressHash(address: string): string;
  /** Under which hashes an address is looked up: two of them during a rotation of the secret and after it. */
  addressHashes: AddressHashes['hashes'];
}

export interface StoreSettings {
  keyPrefix: string;
  secret: string;
  /** The secret before a rotation. */
  previousSecret?: string | undefined;
  /** Emails per second for the whole account. */
  rateLimit: number;
  /** The share of the account's daily quota that only transactional email may use. */
  quotaReserve: number;
  /** Whether suppressions are mirrored to Redis for other senders. */
  mirrored?: boolean;
  /** A suppression could not be mirrored; the next comparison brings it. */
  onMirrorError?: (error: unknown) => void;
}

/** What the configuration says about the store. */
export function storeSettings(config: Config, environment: Environment): StoreSettings {
  return {
    keyPrefix: config.suppression.key_prefix,
    secret: environment.RIVULET_SECRET,
    previousSecret: environment.RIVULET_SECRET_PREVIOUS,
    rateLimit: config.provider.rate_limit,
    quotaReserve: config.provider.quota_reserve,
    mirrored: config.suppression.storage === 'redis',
  };
}

/** The record in Postgres, and the rate limit in Redis. */
export function createStore({ postgres, redis }: { postgres: Postgres; redis: Redis }, settings: StoreSettings): Store {
  const { keyPrefix, secret, previousSecret, rateLimit: perSecond, quotaReserve, onMirrorError = () => {} } = settings;
  const { hash, hashes } = createAddressHashes({ secret, previous: previousSecret });
  const redisKeys = createRedisKeys(keyPrefix);
  const suppressions = createSuppressions(postgres);
  const mirror = settings.mirrored ? createSuppressionMirror(redis, keyPrefix, suppressions) : undefined;
  return {
    contacts: createContacts(postgres, { hashes }),
    consents: createConsents(postgres),
    suppressions: mirror ? withMirror(suppressions, mirror, onMirrorError) : suppressions,
    ...(mirror && { suppressionMirror: mirror }),
    suppressionSync: createSuppressionSync(postgres),
    recipients: createRecipients(postgres),
    facts: createFacts(postgres),
    engagement: createEngagement(postgres),
    events: createEvents(postgres),
    entries: createEntries(postgres),
    running: createRunningJourneys(postgres),
    deadLetters: createDeadLetters(postgres),
    sends: createSends(postgres),
    feed: createFeedProgress(postgres),
    stops: createStops(postgres),
    templates: createTemplateVersions(postgres, createNotifications(redis, keyPrefix)),
    slots: createSlots(redis, redisKeys, { perSecond, quotaReserve }),
    account: createAccount(redis, redisKeys, perSecond),
    provider: createProviderState(redis, redisKeys),
    addressHash: hash,
    addressHashes: hashes,
  };
}
