import { randomUUID } from 'node:crypto';

import type { Stop } from '../stop-rules.ts';
import type { Store } from '../store.ts';
import { createAccount } from './account.ts';
import { createConsents } from './consents.ts';
import { createContacts } from './contacts.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createEngagement } from './engagement.ts';
import { createEntries } from './entries.ts';
import { createEvents, type EventTable } from './events.ts';
import { createFacts } from './facts.ts';
import { createFeedProgress } from './feed.ts';
import { createProviderState } from './provider.ts';
import { createRecipients } from './recipients.ts';
import { createMemoryRecord } from './record.ts';
import { createRunningJourneys } from './running.ts';
import { createSends } from './sends.ts';
import { createUnlimitedSlots } from './slots.ts';
import { createStops } from './stops.ts';
import { createSuppressionSync } from './suppression-sync.ts';
import { createSuppressions } from './suppressions.ts';
import { createTemplateVersions } from './template-versions.ts';

export interface MemoryStoreOptions {
  /** What time it is, Unix ms. */
  now: () => number;
  /** The keyed hash of an address. What stays in this process needs no key: without it, the address itself. */
  addressHash?: (address: string) => string;
}

/** A store in this process, for simulations and tests. It passes the contract suites of the one in Postgres. */
export function createMemoryStore({ now, addressHash = (address) => address }: MemoryStoreOptions): Store {
  const facts = createFacts();
  const events: EventTable = new Map();
  const stops = new Map<string, Stop>();
  const record = createMemoryRecord({ now, recordFacts: (changes) => void facts.record(changes) });
  return {
    contacts: createContacts(record, { addressHash }),
    consents: createConsents(record),
    suppressions: createSuppressions(record),
    suppressionSync: createSuppressionSync(record),
    recipients: createRecipients(record),
    facts,
    engagement: createEngagement(facts),
    events: createEvents(events, now),
    entries: createEntries(events, facts, now),
    running: createRunningJourneys(now),
    deadLetters: createDeadLetters(),
    sends: createSends({ record, events, stops, facts }),
    feed: createFeedProgress(now),
    stops: createStops({ now, stops, record: (fact) => void facts.record([{ id: randomUUID(), ...fact }]) }),
    templates: createTemplateVersions(now),
    slots: createUnlimitedSlots(),
    account: createAccount(),
    provider: createProviderState(now),
    addressHash,
    addressHashes: (address) => [addressHash(address)],
  };
}
