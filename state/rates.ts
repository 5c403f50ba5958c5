import { accountLua } from './account.ts';
import type { Keys } from './keys.ts';
import { clockLua, defineScript, type Redis } from './redis.ts';
import { stoppedLua } from './stops.ts';

/** Who goes first: transactional mail before marketing mail. */
export type Lane = 'transactional' | 'marketing';

/** What a mail is subject to on its way out. */
export interface Terms {
  lane: Lane;
  /** The stops that concern it: `stopsBefore` of stops.ts. */
  stops: readonly string[];
}

/** Where a mail stands that wants to leave. All waits in milliseconds. */
export type Turn =
  /** It has its slot, so far from now. */
  | { kind: 'slot'; waitMs: number }
  /** It stands in its lane, and asks again then. */
  | { kind: 'queued'; waitMs: number }
  /** A gate or a pause is in the way: its name in the hash of stops. */
  | { kind: 'stopped'; by: string }
  /** The day's quota is spent, or what is left of it is kept for transactional mail. */
  | { kind: 'no_quota' };

/**
 * The shared rate limit: slots booked in Redis, by Redis's clock, for all workers together. A mail books its place once
 * and finds it again on every retry, so nobody jumps the queue and nobody books twice.
 */
export interface Rates {
  /** The slot is used up by a claim of the ledger (sends.ts); a later attempt books another from its old place. */
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
 * 1. A place in its lane, however far away: the lane is one number, the instant (µs) up to which it is promised.
 * 2. When that has come, a slot of the account itself: the instant up to which mails have really left (`pace`, moved by
 *    each claim), and one interval for each slot that is booked and not yet used. Slots are never far: marketing books
 *    at most `horizon` ahead and transactional mail a second. So a marketing backlog delays a transactional mail by
 *    `horizon` at most, and under a flood of transactional mail marketing waits.
 *
 * A mail that comes too late for its own slot takes one from those behind it: the whole lane moves back by an interval
 * (`late` is added to every place in it), and while the account has no room the mail queues `again`, before the lane. A
 * transactional mail moves the marketing lane back in the same way. So the order stays what it was, and promises are kept.
 *
 * A slot that has passed by more than a second is booked anew: a thousand mails whose slots passed while the workers were
 * down would otherwise leave together.
 */
const reserveScript = `${clockLua}${stoppedLua}${accountLua}
local pace, slots, laneKey, lateKey, againKey, placeKey, account, stops, marketingLate = unpack(KEYS)
local rate, reserve, lane, id, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])

local by = stopped(stops, { unpack(ARGV, 6) })
if by then return { 'stopped', by } end
if not hasQuota(account, lane, reserve) then return { 'no_quota', '' } end

local between, factor = interval(account, rate)
local function number(key) return tonumber(redis.call('GET', key) or '0') end
local function keep(key, value, kind)
  redis.call('SET', key, (kind or '') .. string.format('%.0f', value), 'PX', ${24 * 3_600_000})
end
local function turn(kind, at) return { kind, tostring(math.max(0, math.ceil((at - now) / 1000))) } end

redis.call('ZREMRANGEBYSCORE', slots, '-inf', now - 1e6)
local booked = redis.call('ZSCORE', slots, id)
if booked then return turn('slot', tonumber(booked)) end

local late, due = number(lateKey), nil
local place = redis.call('GET', placeKey)
if place and place:sub(1, 1) == '=' then
  due = tonumber(place:sub(2))
elseif place then
  due = tonumber(place) + late
else
  local next = math.max(number(laneKey), number(againKey) - late)
  if next + late <= now then
    next, late = now, 0
    redis.call('DEL', lateKey)
  end
  keep(placeKey, next)
  keep(laneKey, next + math.ceil(between * factor))
  due = next + late
end
if due > now then return turn('queued', due) end

local slot = math.max(number(pace), now) + redis.call('ZCARD', slots) * between
if slot - now > horizon then
  local again = math.max(number(againKey), slot - horizon)
  keep(againKey, again + between)
  keep(placeKey, again, '=')
  keep(lateKey, late + between)
  return turn('queued', again)
end
redis.call('ZADD', slots, slot, id)
redis.call('PEXPIRE', slots, 60000)
if lane == 'transactional' then keep(marketingLate, number(marketingLate) + between) end
return turn('slot', slot)`;

const parkScript = `${clockLua}${accountLua}
local slot = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local tat = slot + interval(KEYS[2], tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1000)
return math.ceil((slot - now) / 1000)`;

/** How far ahead each lane may book on the account itself, in µs. */
const horizonUs: Record<Lane, number> = { transactional: 1_000_000, marketing: 300_000 };

/** `perSecond`: the configured rate. `quotaReserve`: the share of the day's quota that is kept for transactional mail. */
export function createRates(redis: Redis, keys: Keys, perSecond: number, quotaReserve: number): Rates {
  // A full Redis refuses marketing its slot and lets transactional mail go on: the ledger can still be written too.
  const reserve: Record<Lane, ReturnType<typeof defineScript<[Turn['kind'], string]>>> = {
    marketing: defineScript(redis, 'rivuletReserveMarketing', 9, reserveScript),
    transactional: defineScript(redis, 'rivuletReserveTransactional', 9, reserveScript, { whenFull: true }),
  };
  const park = defineScript<number>(redis, 'rivuletPark', 2, parkScript, { whenFull: true });
  return {
    async reserve(id, { lane, stops }) {
      const late = (of: Lane) => keys.rate(`late-${of}`);
      const shared = [keys.rate('pace'), keys.rate('slots')];
      const mine = [keys.rate(lane), late(lane), keys.rate(`again-${lane}`), keys.reservation(id)];
      const [kind, value] = await reserve[lane](
        [...shared, ...mine, keys.account(), keys.stops(), late('marketing')],
        [perSecond, quotaReserve, lane, id, horizonUs[lane], ...stops],
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
