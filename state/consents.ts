import type { ConsentBlock } from '../events/person.ts';
import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

export type ConsentState = 'granted' | 'revoked' | 'none';

/** What people agreed to and took back, topic by topic. */
export interface Consents {
  /** Records a consent block. An opt-out made later than it was captured stands. */
  grant(userId: string, consent: ConsentBlock, eventAt: number): Promise<void>;
  /** Records an opt-out of one topic, made at `at` (Unix ms). */
  revoke(userId: string, topic: string, at: number, source: string): Promise<void>;
  stateOf(userId: string, topic: string): Promise<ConsentState>;
}

/** One record a topic: the newest word counts, and at the same instant the opt-out does. */
const recordScript = `
local record = cjson.decode(ARGV[1])
for i = 2, #ARGV do
  local text = redis.call('HGET', KEYS[1], ARGV[i])
  local known = text and cjson.decode(text)
  if not known or known.at < record.at or (known.at == record.at and record.state == 'revoked') then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[1])
  end
end
return 1`;

interface ConsentRecord {
  state: 'granted' | 'revoked';
  at: number;
  source?: string;
  wording?: string;
}

export function createConsents(redis: Redis, keys: Keys): Consents {
  const record = defineScript<number>(redis, 'rivuletRecordConsent', 1, recordScript);
  const write = (userId: string, topics: string[], said: ConsentRecord) =>
    record([keys.consents(userId)], [JSON.stringify(said), ...topics]);
  return {
    async grant(userId, consent, eventAt) {
      if (consent.topics.length === 0) return;
      const { source, wording } = consent;
      const at = consent.captured_at ?? eventAt;
      await write(userId, consent.topics, {
        state: 'granted',
        at,
        ...(source && { source }),
        ...(wording && { wording }),
      });
    },
    async revoke(userId, topic, at, source) {
      await write(userId, [topic], { state: 'revoked', at, source });
    },
    async stateOf(userId, topic) {
      const text = await redis.hget(keys.consents(userId), topic);
      return text ? (JSON.parse(text) as ConsentRecord).state : 'none';
    },
  };
}
