import { randomUUID } from 'node:crypto';

import type { Consents } from '../../store/consents.ts';
import type { Contacts } from '../../store/contacts.ts';
import { createAddressHashes } from '../../store/address-hash.ts';
import { createConsents as createMemoryConsents } from '../../store/memory/consents.ts';
import { createContacts as createMemoryContacts } from '../../store/memory/contacts.ts';
import { createRecipients as createMemoryRecipients } from '../../store/memory/recipients.ts';
import { createMemoryRecord, type RecordedFact } from '../../store/memory/record.ts';
import { createSuppressionSync as createMemorySuppressionSync } from '../../store/memory/suppression-sync.ts';
import { createSuppressions as createMemorySuppressions } from '../../store/memory/suppressions.ts';
import type { Postgres } from '../../store/postgres/connect.ts';
import { createConsents as createPostgresConsents } from '../../store/postgres/consents.ts';
import { createContacts as createPostgresContacts } from '../../store/postgres/contacts.ts';
import { createRecipients as createPostgresRecipients } from '../../store/postgres/recipients.ts';
import { createSuppressionSync as createPostgresSuppressionSync } from '../../store/postgres/suppression-sync.ts';
import { createSuppressions as createPostgresSuppressions } from '../../store/postgres/suppressions.ts';
import type { Recipients } from '../../store/recipients.ts';
import type { SuppressionSync } from '../../store/suppression-sync.ts';
import type { Suppressions } from '../../store/suppressions.ts';
import { ownDatabase } from './database.ts';

export const monday = 1_760_000_000_000;
export const day = 86_400_000;

type StoredFact = Pick<RecordedFact, 'id' | 'at' | 'what'> & { topic?: string; details: object };

/** Everything about people and addresses in one implementation, and what only a test may see of it. */
export interface PeopleStores {
  contacts: Contacts;
  consents: Consents;
  suppressions: Suppressions;
  suppressionSync: SuppressionSync;
  recipients: Recipients;
  addressHash(address: string): string;
  /** What a claim compares; undefined for someone of whom nothing is known. */
  personVersion(userId: string): Promise<number | undefined>;
  addressVersion(addressHash: string): Promise<number | undefined>;
  /** The facts about a person or an address, in the order in which they were recorded. */
  facts(about: { user_id: string } | { address_hash: string }): Promise<StoredFact[]>;
  /** So much time passes for everything that the store has remembered about recipients. */
  ageRecipients(ms: number): Promise<void>;
}

const { hash: addressHash, hashes } = createAddressHashes({ secret: 'ab'.repeat(32) });

/** For `describe.each`: the name of each implementation, and what makes its stores before the tests of the block. */
export const implementations: [string, () => () => PeopleStores][] = [
  ['Postgres', inPostgres],
  ['memory', inMemory],
];

function inPostgres(): () => PeopleStores {
  const own = ownDatabase(12);
  return () => postgresStores(own.postgres);
}

export function postgresStores(postgres: Postgres): PeopleStores {
  const ask = <Row extends object>(name: string, text: string, values: string[] = []) =>
    postgres.query<Row>({ name: `test-${name}`, text }, values);
  return {
    contacts: createPostgresContacts(postgres, { hashes }),
    consents: createPostgresConsents(postgres),
    suppressions: createPostgresSuppressions(postgres),
    suppressionSync: createPostgresSuppressionSync(postgres),
    recipients: createPostgresRecipients(postgres),
    addressHash,
    async personVersion(userId) {
      const text = 'SELECT version FROM person WHERE user_id = $1';
      return (await ask<{ version: number }>('person', text, [userId]))[0]?.version;
    },
    async addressVersion(hash) {
      return (await ask<{ version: number }>('address', 'SELECT version FROM address WHERE hash = $1', [hash]))[0]
        ?.version;
    },
    async facts(about) {
      const [column, value] = Object.entries(about)[0]!;
      const rows = await ask<StoredFact & { topic: string | null }>(
        `facts-${column}`,
        `SELECT id, at, what, topic, details FROM fact WHERE ${column} = $1 ORDER BY xmin::text::bigint, id`,
        [value],
      );
      return rows.map(({ topic, ...fact }) => ({ ...fact, ...(topic !== null && { topic }) }));
    },
    async ageRecipients(ms) {
      const text = `UPDATE address SET recipient_at = recipient_at - $1::float8 * interval '1 millisecond'`;
      await ask('age', text, [String(ms)]);
    },
  };
}

function inMemory(): () => PeopleStores {
  const facts: RecordedFact[] = [];
  let passed = 0;
  const record = createMemoryRecord({
    now: () => Date.now() + passed,
    recordFacts: (more) => void facts.push(...more),
  });
  const stores: PeopleStores = {
    contacts: createMemoryContacts(record, { addressHash }),
    consents: createMemoryConsents(record),
    suppressions: createMemorySuppressions(record),
    suppressionSync: createMemorySuppressionSync(record),
    recipients: createMemoryRecipients(record),
    addressHash,
    personVersion: async (userId) => record.people.get(userId)?.version,
    addressVersion: async (hash) => record.addresses.get(hash)?.version,
    async facts(about) {
      const [column, value] = Object.entries(about)[0]!;
      return facts
        .filter((fact) => (fact as unknown as Record<string, unknown>)[column] === value)
        .map((fact) => ({
          id: fact.id,
          at: fact.at,
          what: fact.what,
          ...('topic' in fact && fact.topic !== undefined && { topic: fact.topic }),
          details: fact.details,
        }));
    },
    ageRecipients: async (ms) => void (passed += ms),
  };
  return () => stores;
}

/** A user id that no other test has. */
export const someone = () => `u_${randomUUID()}`;
/** An address that no other test has. */
export const anAddress = () => `${randomUUID()}@example.com`;
