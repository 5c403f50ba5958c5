import type { Contact } from '../events/person.ts';
import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

/** Who people are: the only place that holds an address. */
export interface Contacts {
  /** Takes in a contact block. A field is replaced only by an event at least as new as the one that wrote it. */
  record(userId: string, contact: Contact, at: number): Promise<void>;
  find(userId: string): Promise<Contact>;
}

/** Each field stands beside the time it was said, so that events may arrive in any order. */
const recordScript = `
local at = tonumber(ARGV[1])
for i = 2, #ARGV, 2 do
  local written = redis.call('HGET', KEYS[1], ARGV[i] .. ':at')
  if not written or tonumber(written) <= at then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1], ARGV[i] .. ':at', ARGV[1])
  end
end
return 1`;

const fields = ['email', 'name', 'locale', 'time_zone', 'country'] as const satisfies (keyof Contact)[];

export function createContacts(redis: Redis, keys: Keys): Contacts {
  const record = defineScript<number>(redis, 'rivuletRecordContact', 1, recordScript);
  return {
    async record(userId, contact, at) {
      const said = Object.entries(contact).filter((field): field is [string, string] => field[1] !== undefined);
      if (said.length > 0) await record([keys.contact(userId)], [at, ...said.flat()]);
    },
    async find(userId) {
      const values = await redis.hmget(keys.contact(userId), ...fields);
      return Object.fromEntries(
        fields.map((field, index) => [field, values[index] ?? undefined]).filter(([, value]) => value),
      );
    },
  };
}
