import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

/** Why somebody did not enter a journey. */
export type KeptOut = 'disabled' | 'outside_schedule' | 'rule' | 'rule_failed' | 'rollout' | 're_entry';

/** What was decided when an event was taken in. Holds no address and no name. */
export interface Decision {
  event_type: string;
  user_id: string;
  /** When it was decided, Unix ms. */
  at: number;
  /** How many running journeys were told of the event. */
  told: number;
  /** The journey that the event starts; absent when it starts none. */
  journey?: string;
  /** Whether the person entered it. */
  enters?: boolean;
  because?: KeptOut;
  /** A sentence: which setting said so. */
  why?: string;
}

/** A place in a journey that one run at a time, or one in a period, may have. */
export interface Place {
  journey: string;
  /** What is counted beside the person, such as a cart's id; empty: the person alone. */
  per: string;
  rule: 'once' | 'one_running';
  /** With `once`: free again so long after the entry before, by the times of the events, in ms. 0: never. */
  everyMs: number;
  /** When the event happened, Unix ms. */
  happenedAt: number;
}

/** The run that has a place, and since when, Unix ms. */
export interface Holder {
  id: string;
  at: number;
}

/**
 * Who entered which journey, and what was decided about each event. What was decided once stands: an event that comes
 * again gets the same answer, whichever ingress has it and whatever the rules say by then.
 */
export interface Entries {
  /** Writes the decision down unless there is one. Gives the one that stands. */
  settle(eventId: string, decision: Decision): Promise<Decision>;
  /**
   * The same for an event that wants a place: takes it if it is free, or if `gone` has it. `holder`: another run has it, and
   * nothing was decided.
   */
  claim(eventId: string, decision: Decision, place: Place, gone?: string): Promise<Decision | { holder: Holder }>;
  find(eventId: string): Promise<Decision | undefined>;
}

/** A year and a bit: as long as a ledger of mails. */
const placeMs = 400 * 86_400_000;

/** Entries of one person in one journey that a period is counted from; an event that comes late may lie between two. */
const kept = 20;

const settleScript = `
local stands = redis.call('GET', KEYS[1])
if stands then return stands end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`;

/** A place is a list of entries, oldest first, of which only the last counts unless there is a period. */
const claimScript = `
local stands = redis.call('GET', KEYS[1])
if stands then return {stands} end
local id, rule, happened, every, gone = ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local entries = cjson.decode(redis.call('GET', KEYS[2]) or '[]')
for i = #entries, 1, -1 do
  local held = entries[i]
  local free = held.id == id
  if rule == 'one_running' then free = free or held.id == gone or i < #entries
  elseif every > 0 then free = free or math.abs(happened - held.happened) >= every end
  if not free then return {false, cjson.encode(held)} end
end
table.insert(entries, { id = id, at = tonumber(ARGV[8]), happened = happened })
if #entries > ${kept} then table.remove(entries, 1) end
redis.call('SET', KEYS[2], cjson.encode(entries))
if ARGV[9] ~= '0' then redis.call('PEXPIRE', KEYS[2], ARGV[9]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {ARGV[1]}`;

export function createEntries(redis: Redis, keys: Keys, rememberMs: number): Entries {
  const settle = defineScript<string>(redis, 'rivuletSettleEntry', 1, settleScript);
  const claim = defineScript<[string | null, string?]>(redis, 'rivuletClaimEntry', 2, claimScript);
  return {
    settle: async (id, decision) =>
      JSON.parse(await settle([keys.decision(id)], [JSON.stringify(decision), rememberMs])) as Decision,
    async claim(id, decision, { journey, per, rule, everyMs, happenedAt }, gone = '') {
      const expires = keptFor({ per, everyMs, happenedAt }, decision.at);
      const [stands, holder] = await claim(
        [keys.decision(id), keys.entry(decision.user_id, journey, per)],
        [JSON.stringify(decision), rememberMs, id, rule, happenedAt, everyMs, gone, decision.at, expires],
      );
      return stands ? (JSON.parse(stands) as Decision) : { holder: JSON.parse(holder ?? '{}') as Holder };
    },
    async find(id) {
      const text = await redis.get(keys.decision(id));
      return text === null ? undefined : (JSON.parse(text) as Decision);
    },
  };
}

/** In ms; 0: for ever. A person has few places for themselves; their carts are many, and each is over one day. */
function keptFor({ per, everyMs, happenedAt }: Pick<Place, 'per' | 'everyMs' | 'happenedAt'>, now: number): number {
  if (everyMs > 0) return Math.max(placeMs, 2 * everyMs + Math.max(0, happenedAt - now));
  return per === '' ? 0 : placeMs;
}
