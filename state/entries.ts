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

const settleScript = `
local stands = redis.call('GET', KEYS[1])
if stands then return stands end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`;

const claimScript = `
local stands = redis.call('GET', KEYS[1])
if stands then return {stands} end
local holder = redis.call('GET', KEYS[2])
local rule, happened, every, gone = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
if holder then
  local held = cjson.decode(holder)
  local free
  if rule == 'once' then free = every > 0 and math.abs(happened - held.happened) >= every
  else free = held.id == gone end
  if not free and held.id ~= ARGV[3] then return {false, holder} end
end
redis.call('SET', KEYS[2], cjson.encode({ id = ARGV[3], at = tonumber(ARGV[8]), happened = happened }), 'PX', ARGV[9])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {ARGV[1]}`;

export function createEntries(redis: Redis, keys: Keys, rememberMs: number): Entries {
  const settle = defineScript<string>(redis, 'rivuletSettleEntry', 1, settleScript);
  const claim = defineScript<[string | null, string?]>(redis, 'rivuletClaimEntry', 2, claimScript);
  return {
    settle: async (id, decision) =>
      JSON.parse(await settle([keys.decision(id)], [JSON.stringify(decision), rememberMs])) as Decision,
    async claim(id, decision, { journey, per, rule, everyMs, happenedAt }, gone = '') {
      const [stands, holder] = await claim(
        [keys.decision(id), keys.entry(decision.user_id, journey, per)],
        [JSON.stringify(decision), rememberMs, id, rule, happenedAt, everyMs, gone, decision.at, placeMs],
      );
      return stands ? (JSON.parse(stands) as Decision) : { holder: JSON.parse(holder ?? '{}') as Holder };
    },
    async find(id) {
      const text = await redis.get(keys.decision(id));
      return text === null ? undefined : (JSON.parse(text) as Decision);
    },
  };
}
