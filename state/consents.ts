import { createHash } from 'node:crypto';

import type { ConsentBlock } from '../events/person.ts';
import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

/** `pending`: asked for and not yet confirmed, which is no consent. */
export type ConsentState = 'granted' | 'revoked' | 'pending';

/** Stands for every topic, those of the future too: only an opt-out can name it. */
export const everyTopic = '*';

/** What somebody said once about one topic. Written once and never changed: the next word is a record of its own. */
export interface ConsentRecord {
  /** The event, page or command that brought it, and the topic. */
  id: string;
  topic: string;
  channel: 'email';
  state: ConsentState;
  /** Unix ms: when the person said it, and when it came here. */
  captured_at: number;
  received_at: number;
  basis?: string;
  source?: string;
  /** Who entered it, when that was not the person. */
  actor?: string;
  /** Hash of the words that were shown; the words are kept under it. */
  wording?: string;
  locale?: string;
  ip?: string;
  user_agent?: string;
  confirmed_at?: number;
  evidence?: string;
  /** The record that was in force before. */
  supersedes?: string;
}

/** What is said now, about some topics at once. */
export interface Saying {
  /** The same for every repetition, so that it is recorded once. */
  id: string;
  state: ConsentState;
  consent: ConsentBlock;
  /** When it was said if the block does not tell, Unix ms. */
  at: number;
}

/** What people agreed to and took back: a log that only grows, and what follows from it, topic by topic. */
export interface Consents {
  /** Appends to the log, once for each id and topic. The newest word about a topic is in force; see `inForce`. */
  record(userId: string, saying: Saying): Promise<void>;
  stateOf(userId: string, topic: string): Promise<ConsentState | 'none'>;
  /** The record in force for each topic that anything was ever said about, `*` among them. */
  now(userId: string): Promise<Record<string, ConsentRecord>>;
  /** Everything that was ever said, oldest first, with the words themselves in place of their hash. */
  history(userId: string): Promise<ConsentRecord[]>;
}

/**
 * At the same instant the opt-out counts; and asking for a confirmation takes nothing from somebody who has agreed
 * already. `test/consents.test.ts` derives the same from the log alone.
 */
const recordScript = `
local said = cjson.decode(ARGV[2])
for i = 3, #ARGV do
  local topic = ARGV[i]
  local text = redis.call('HGET', KEYS[1], topic)
  local known = text and cjson.decode(text)
  said.id, said.topic, said.supersedes = ARGV[1] .. '/' .. topic, topic, known and known.id or nil
  local record = cjson.encode(said)
  if redis.call('HSETNX', KEYS[2], said.id, record) == 1 then
    local newer = not known or known.captured_at < said.captured_at
      or (known.captured_at == said.captured_at and said.state == 'revoked')
    if newer and not (said.state == 'pending' and known and known.state == 'granted') then
      redis.call('HSET', KEYS[1], topic, record)
    end
  end
end
return 1`;

export function createConsents(redis: Redis, keys: Keys): Consents {
  const append = defineScript<number>(redis, 'rivuletRecordConsent', 2, recordScript, 'goOn');
  return {
    async record(userId, { id, state, consent, at }) {
      const { topics, captured_at: captured = at, wording, ...rest } = consent;
      if (topics.length === 0) return;
      const hash = wording && createHash('sha256').update(wording).digest('hex');
      if (hash) await redis.setnx(keys.wording(hash), wording);
      const said = {
        channel: 'email',
        state,
        captured_at: captured,
        received_at: Date.now(),
        ...rest,
        ...(hash && { wording: hash }),
      };
      await append([keys.consents(userId), keys.consentLog(userId)], [id, JSON.stringify(said), ...topics]);
    },
    async stateOf(userId, topic) {
      const [about, all] = (await redis.hmget(keys.consents(userId), topic, everyTopic)).map(parse);
      return inForce(about, all);
    },
    async now(userId) {
      const entries = Object.entries(await redis.hgetall(keys.consents(userId)));
      return Object.fromEntries(entries.map(([topic, text]) => [topic, JSON.parse(text) as ConsentRecord]));
    },
    async history(userId) {
      const records = (await redis.hvals(keys.consentLog(userId))).map((text) => JSON.parse(text) as ConsentRecord);
      const hashes = [...new Set(records.map(({ wording }) => wording).filter((hash) => hash !== undefined))];
      const texts = hashes.length > 0 ? await redis.mget(hashes.map(keys.wording)) : [];
      const words = new Map(hashes.map((hash, index) => [hash, texts[index] ?? hash]));
      return records
        .map(({ wording, ...record }) => ({ ...record, ...(wording && { wording: words.get(wording) ?? wording }) }))
        .toSorted((one, other) => one.received_at - other.received_at || one.captured_at - other.captured_at);
    },
  };
}

/** What follows from the newest word about a topic and the newest about all of them: the later one, and first the opt-out. */
export function inForce(about: ConsentRecord | undefined, all: ConsentRecord | undefined): ConsentState | 'none' {
  if (all?.state === 'revoked' && (!about || about.captured_at <= all.captured_at)) return 'revoked';
  return about?.state ?? 'none';
}

function parse(text: string | null | undefined): ConsentRecord | undefined {
  return text ? (JSON.parse(text) as ConsentRecord) : undefined;
}
