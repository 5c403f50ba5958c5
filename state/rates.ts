import { accountLua } from './account.ts';
import type { Keys } from './keys.ts';
import { clockLua, defineScript, type Redis } from './redis.ts';
import { stoppedLua } from './stops.ts';

/** A mail that was told when to come again is waited for so much longer. */
const graceUs = 2_000_000;

/** How long queues and slots are kept after the last of them. */
const keepMs = 60_000;

/**
 * From when the next mail's interval counts. At high rates timers are as coarse as the intervals, and each mail a little late:
 * what was missed within these 20 ms is caught up, so that an hour of 500 a second has 1,800,000 slots and not two thirds of
 * them. At most one mail in fifty more leaves in any one second; below 50 a second none.
 *
 * A claim moves it on by one interval, which is ten times as long at most while the provider throttles. What lies farther ahead
 * was written by a clock that has been set back since, as a failover does it, and would hold all mail until that time comes.
 */
export const paceLua = `
local function tooFar(between)
  return now + 1e6 + 11 * between
end
local function paceFrom(pace, between)
  local late = between < 20000 and 20000 or 0
  local at = tonumber(redis.call('GET', pace) or '0')
  if at > tooFar(between) then at = 0 end
  return math.max(at, now - late)
end`;

/** Who goes first: transactional mail before marketing mail. */
export type Lane = 'transactional' | 'marketing';

/** What a mail is subject to on its way out. */
export interface Terms {
  lane: Lane;
  /** When its journey asked for it, Unix ms: who asked first goes first, whichever worker is faster. */
  since: number;
  /** The stops that concern it: `stopsBefore` of stops.ts. */
  stops: readonly string[];
}

/** Where a mail stands that wants to leave. All waits in milliseconds. */
export type Turn =
  /** It has its slot, so far from now. */
  | { kind: 'slot'; waitMs: number }
  /** It stands in the queue of its lane, and asks again then. */
  | { kind: 'queued'; waitMs: number }
  /** A gate or a pause is in the way: its name in the hash of stops. */
  | { kind: 'stopped'; by: string }
  /** The day's quota is spent, or what is left of it is kept for transactional mail. */
  | { kind: 'no_quota' };

/**
 * The shared rate limit: slots booked in Redis, by Redis's clock, for all workers together. A mail has one place and one
 * slot, which it finds again on every retry, so nobody jumps the queue and nobody books twice.
 */
export interface Rates {
  /** The slot is used up by a claim of the ledger (sends.ts); a later attempt stands where the first did. */
  reserve(id: string, terms: Terms): Promise<Turn>;
  /**
   * When a mail that cannot leave for now asks again, in milliseconds: `atLeastMs`, and so much later that all those that
   * wait ask at the rate at which they could leave. A hundred thousand of them cost no more than sending them would.
   */
  park(lane: Lane, atLeastMs: number): Promise<number>;
}

/**
 * GCRA as a reservation, in two hops.
 *
 * 1. The queue of its lane, in the order in which journeys asked. A mail is told when its turn should come, and asks again
 *    then. One that was told and does not come is no longer waited for; when it comes, it stands where it stood.
 * 2. A slot of the account itself: after the instant up to which mails have really left (`pace`, moved by each claim), one
 *    interval for each slot that is booked and not yet used. Slots are never far: marketing books at most `horizon` ahead
 *    and transactional mail a second. So a marketing backlog delays a transactional mail by `horizon` at most, and under a
 *    flood of transactional mail marketing waits.
 *
 * Nothing is promised for longer than that second, so the limit may change, and workers may stand still, at any moment: who
 * asks next is told what is true then. A slot that has passed by more than a second is void: a thousand mails whose slots
 * passed while the workers were down would otherwise leave together.
 */
export const bookLua = `
local function book(pace, slots, queue, told, between, id, horizon, since)
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now - 1e6)
  redis.call('ZREMRANGEBYSCORE', slots, tooFar(between) + 1e6, '+inf')
  local booked = redis.call('ZSCORE', slots, id)
  if booked then return 'slot', tonumber(booked) end

  local missing = redis.call('ZRANGEBYSCORE', told, '-inf', now - ${graceUs}, 'LIMIT', 0, 100)
  if #missing > 0 then
    redis.call('ZREM', queue, unpack(missing))
    redis.call('ZREM', told, unpack(missing))
  end
  redis.call('ZADD', queue, 'NX', since, id)

  local slot = paceFrom(pace, between) + redis.call('ZCARD', slots) * between
  local due = slot + redis.call('ZRANK', queue, id) * between - horizon
  if due > now then
    redis.call('ZADD', told, due, id)
    for _, key in ipairs({ queue, told }) do redis.call('PEXPIRE', key, math.ceil((due - now) / 1000) + ${keepMs}) end
    return 'queued', due
  end
  redis.call('ZREM', queue, id)
  redis.call('ZREM', told, id)
  redis.call('ZADD', slots, slot, id)
  redis.call('PEXPIRE', slots, ${keepMs})
  return 'slot', slot
end`;

const reserveScript = `${clockLua}${stoppedLua}${accountLua}${paceLua}${bookLua}
local pace, slots, queue, told, account, stops = unpack(KEYS)
local rate, reserve, lane, id, horizon, since = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]

local by = stopped(stops, { unpack(ARGV, 7) })
if by then return { 'stopped', by } end
if not hasQuota(account, lane, reserve) then return { 'no_quota', '' } end
local kind, at = book(pace, slots, queue, told, interval(account, rate), id, horizon, since)
return { kind, tostring(math.max(0, math.ceil((at - now) / 1000))) }`;

const parkScript = `${clockLua}${accountLua}
local slot = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local tat = slot + interval(KEYS[2], tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1000)
return math.ceil((slot - now) / 1000)`;

/** How far ahead each lane may book on the account itself, in µs. */
export const horizonUs: Record<Lane, number> = { transactional: 1_000_000, marketing: 300_000 };

/** `perSecond`: the configured rate. `quotaReserve`: the share of the day's quota that is kept for transactional mail. */
export function createRates(redis: Redis, keys: Keys, perSecond: number, quotaReserve: number): Rates {
  // A full Redis refuses marketing its slot and lets transactional mail go on: the ledger can still be written too.
  const reserve: Record<Lane, ReturnType<typeof defineScript<[Turn['kind'], string]>>> = {
    marketing: defineScript(redis, 'rivuletReserveMarketing', 6, reserveScript),
    transactional: defineScript(redis, 'rivuletReserveTransactional', 6, reserveScript, 'goOn'),
  };
  const park = defineScript<number>(redis, 'rivuletPark', 2, parkScript, 'goOn');
  return {
    async reserve(id, { lane, since, stops }) {
      const buckets = ['pace', 'slots', lane, `told-${lane}`].map(keys.rate);
      const [kind, value] = await reserve[lane](
        [...buckets, keys.account(), keys.stops()],
        [perSecond, quotaReserve, lane, id, horizonUs[lane], since, ...stops],
      );
      switch (kind) {
        case 'stopped':
          return { kind, by: value };
        case 'no_quota':
          return { kind };
        case 'slot':
        case 'queued':
          return { kind, waitMs: Number(value) };
        default:
          return kind satisfies never;
      }
    },
    park: async (lane, atLeastMs) =>
      atLeastMs + (await park([keys.rate(`parked-${lane}`), keys.account()], [perSecond])),
  };
}
