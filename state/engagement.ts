import { createHash } from 'node:crypto';

import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

/** Who opened or clicked, as the provider judges: scanners and prefetching clients are machines. */
export type Reader = 'human' | 'machine' | 'unknown';

export interface Engaged {
  /** The id of the provider's event: the same event twice counts once. */
  id: string;
  type: 'open' | 'click';
  by: Reader;
  /** Unix ms. */
  at: number;
}

/** Opens and clicks of each mail, by message tag. */
export interface Engagement {
  /** False when it was known already, or when so much is known of this mail that one more says nothing. */
  record(tag: string, engaged: Engaged): Promise<boolean>;
  /** Counts such as `click:human`, and the time of the first. */
  of(tag: string): Promise<Record<string, number>>;
  /** Whether a person, not a machine, has clicked a link of this mail. */
  clicked(tag: string): Promise<boolean>;
}

/** As long as anybody may ask, and not for ever. */
const rememberSeconds = 400 * 86_400;
/** A link checker in a loop must not fill Redis. */
const mostOfOneMail = 500;

const recordScript = `
local what, first = ARGV[2], ARGV[2] .. ':first'
if redis.call('HLEN', KEYS[1]) >= ${mostOfOneMail} and redis.call('HEXISTS', KEYS[1], first) == 1 then return 0 end
if redis.call('HSETNX', KEYS[1], 'id:' .. ARGV[1], '1') == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], what, 1)
redis.call('HSETNX', KEYS[1], first, ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1`;

export function createEngagement(redis: Redis, keys: Keys): Engagement {
  const record = defineScript<number>(redis, 'rivuletRecordEngagement', 1, recordScript);
  return {
    async record(tag, { id, type, by, at }) {
      const short = createHash('sha256').update(id).digest('base64url').slice(0, 12);
      return (await record([keys.engagement(tag)], [short, `${type}:${by}`, at, rememberSeconds])) === 1;
    },
    async of(tag) {
      const all = Object.entries(await redis.hgetall(keys.engagement(tag)));
      return Object.fromEntries(
        all.filter(([field]) => !field.startsWith('id:')).map(([field, value]) => [field, Number(value)]),
      );
    },
    clicked: async (tag) => (await redis.hexists(keys.engagement(tag), 'click:human')) === 1,
  };
}
