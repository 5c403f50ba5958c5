import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** Something that happened to an address, for people who ask why it is mailed or not. Holds no address. */
export interface Fact {
  /** Unix ms. */
  at: number;
  /** A constant phrase, such as `suppressed`. */
  what: string;
  [detail: string]: string | number | boolean | undefined;
}

const kept = 200;

/** The last facts about each address. The same fact twice is one. */
export interface Facts {
  record(addressHash: string, facts: readonly Fact[]): Promise<void>;
  /** Oldest first. */
  of(addressHash: string): Promise<Fact[]>;
}

export function createFacts(redis: Redis, keys: Keys): Facts {
  return {
    async record(hash, facts) {
      if (facts.length === 0) return;
      const key = keys.facts(hash);
      const members = facts.flatMap((fact) => [String(fact.at), JSON.stringify(fact)]);
      await redis
        .multi()
        .zadd(key, ...members)
        .zremrangebyrank(key, 0, -kept - 1)
        .exec();
    },
    async of(hash) {
      return (await redis.zrange(keys.facts(hash), '0', '-1')).map((text) => JSON.parse(text) as Fact);
    },
  };
}
