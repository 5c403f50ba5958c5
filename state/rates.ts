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
 * The shared rate limit: slots booked in Redis, by Redis's clock, for all workers together. A mail books its slot once
 * and finds it again on every retry, so nobody jumps the queue and nobody books twice.
 */
export interface Rates {
  /** `attempt`: a slot that a failed attempt has used up is gone; the next attempt keeps its place in the lane and books anew. */
  reserve(id: string, attempt: number, terms: Terms): Promise<Turn>;
  /**
   * When a mail that cannot leave for now asks again, in milliseconds: `atLeastMs`, and so much later that all those that
   * wait ask at the rate at which they could leave. A hundred thousand of them cost no more than sending them would.
   */
  park(lane: Lane, atLeastMs: number): Promise<number>;
}

/**
 * GCRA as a reservation. Each bucket is one number, the instant (µs) up to which it is promised.
 *
 * A mail passes two hops: a slot in its lane, however far away, and once that has come, a slot of the account itself,
 * which is never far: marketing books at most `horizon` ahead there and transactional mail a second. So a marketing
 * backlog delays a transactional mail by `horizon` at most, and under a flood of transactional mail marketing waits.
 * Each transactional mail moves the marketing lane back by one, so that the lane's promises stay true.
 *
 * A booked account slot that has passed by more than a second is booked anew: a thousand mails whose slots passed while
 * the workers were down would otherwise leave together.
 */
const reserveScript = `${clockLua}${stoppedLua}${accountLua}
local plan, laneKey, booking, account, stops, marketing = unpack(KEYS)
local rate, lane, attempt, horizon, keep, reserve = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local by = stopped(stops, { unpack(ARGV, 7) })
if by then return { 'stopped', by } end
if not hasQuota(account, lane, reserve) then return { 'no_quota', '' } end

local between = interval(account, rate)
local function promise(bucket, tat)
  redis.call('SET', bucket, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1000)
end
local function free(bucket)
  return math.max(tonumber(redis.call('GET', bucket) or '0'), now)
end
local function book(field, slot)
  redis.call('HSET', booking, field, string.format('%.0f', slot), 'attempt', attempt)
  redis.call('PEXPIRE', booking, math.ceil(math.max(0, slot - now) / 1000) + keep)
end
local function wait(kind, slot)
  return { kind, tostring(math.max(0, math.ceil((slot - now) / 1000))) }
end

local booked = redis.call('HMGET', booking, 'lane', 'slot', 'attempt')
if booked[2] and booked[3] == attempt and tonumber(booked[2]) > now - 1e6 then return wait('slot', tonumber(booked[2])) end

local place = booked[1] and tonumber(booked[1])
if not place then
  place = free(laneKey)
  promise(laneKey, place + between)
  book('lane', place)
end
if place > now then return wait('queued', place) end

local slot = free(plan)
if slot - now > horizon then return wait('queued', slot - horizon) end
promise(plan, slot + between)
if lane == 'transactional' then promise(marketing, free(marketing) + between) end
book('slot', slot)
return wait('slot', slot)`;

const parkScript = `${clockLua}${accountLua}
local slot = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local tat = slot + interval(KEYS[2], tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1000)
return math.ceil((slot - now) / 1000)`;

/** How far ahead each lane may book on the account itself, in µs. */
const horizonUs: Record<Lane, number> = { transactional: 1_000_000, marketing: 300_000 };

/** How long a booking is remembered after its slot: as long as a retry may take to come back for it. */
const keepBookingMs = 10 * 60_000;

/** `perSecond`: the configured rate. `quotaReserve`: the share of the day's quota that is kept for transactional mail. */
export function createRates(redis: Redis, keys: Keys, perSecond: number, quotaReserve: number): Rates {
  // A full Redis refuses marketing its slot and lets transactional mail go on: the ledger can still be written too.
  const reserve: Record<Lane, ReturnType<typeof defineScript<[Turn['kind'], string]>>> = {
    marketing: defineScript(redis, 'rivuletReserveMarketing', 6, reserveScript),
    transactional: defineScript(redis, 'rivuletReserveTransactional', 6, reserveScript, { whenFull: true }),
  };
  const park = defineScript<number>(redis, 'rivuletPark', 2, parkScript, { whenFull: true });
  return {
    async reserve(id, attempt, { lane, stops }) {
      const [kind, value] = await reserve[lane](
        [
          keys.rate('account'),
          keys.rate(lane),
          keys.reservation(id),
          keys.account(),
          keys.stops(),
          keys.rate('marketing'),
        ],
        [perSecond, lane, attempt, horizonUs[lane], keepBookingMs, quotaReserve, ...stops],
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
