import type { Contact as SaidContact } from '../events/person.ts';
import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

/** What is known of somebody: their contact block, and the plan that the newest event with a plan named. */
export interface Contact extends SaidContact {
  plan?: string;
}

/** Who people are: the only place that holds an address. */
export interface Contacts {
  /** Takes in what an event says. A field is replaced only by an event at least as new as the one that wrote it. */
  record(userId: string, contact: Contact, at: number): Promise<void>;
  find(userId: string): Promise<Contact>;
  /** The hash of their address, for whoever does not know the secret. */
  addressHashOf(userId: string): Promise<string | undefined>;
  /** The user ids of everybody who has this address now. */
  peopleAt(addressHash: string): Promise<string[]>;
}

/**
 * Each field stands beside the time it was said, so that events may arrive in any order. Beside the address stands its
 * hash, and under the hash the person: feedback knows an address, and finds them by it.
 */
const recordScript = `
local at, user, hash = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local before = redis.call('HGET', KEYS[1], 'address_hash')
for i = 4, #ARGV, 2 do
  local field = ARGV[i]
  local written = redis.call('HGET', KEYS[1], field .. ':at')
  if not written or tonumber(written) <= at then
    redis.call('HSET', KEYS[1], field, ARGV[i + 1], field .. ':at', ARGV[1])
    if field == 'email' then
      if before and before ~= hash then redis.call('SREM', KEYS[3] .. before, user) end
      redis.call('HSET', KEYS[1], 'address_hash', hash)
      redis.call('SADD', KEYS[2], user)
    end
  end
end
return 1`;

/** The order in which fields are read. */
export const contactFields = [
  'email',
  'name',
  'locale',
  'time_zone',
  'country',
  'plan',
] as const satisfies (keyof Contact)[];

/** From their values; an empty one is none. */
export function contactOf(values: readonly (string | null)[]): Contact {
  return Object.fromEntries(contactFields.map((field, index) => [field, values[index]]).filter(([, value]) => value));
}

export function createContacts(redis: Redis, keys: Keys): Contacts {
  const record = defineScript<number>(redis, 'rivuletRecordContact', 3, recordScript);
  return {
    async record(userId, contact, at) {
      const said = Object.entries(contact).filter((field): field is [string, string] => field[1] !== undefined);
      if (said.length === 0) return;
      const hash = contact.email === undefined ? '' : keys.addressHash(contact.email);
      await record([keys.contact(userId), keys.people(hash), keys.people('')], [at, userId, hash, ...said.flat()]);
    },
    find: async (userId) => contactOf(await redis.hmget(keys.contact(userId), ...contactFields)),
    addressHashOf: async (userId) => (await redis.hget(keys.contact(userId), 'address_hash')) ?? undefined,
    peopleAt: (addressHash) => redis.smembers(keys.people(addressHash)),
  };
}
