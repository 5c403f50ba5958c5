import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

/** Who goes first: transactional mail books on the account itself, marketing queues in a lane behind it. */
export type Lane = 'transactional' | 'marketing';

/**
 * The shared rate limit: slots booked in Redis, by Redis's clock, for all workers together. A mail books its slot once
 * and finds it again on every retry, so nobody jumps the queue and nobody books twice.
 */
export interface Rates {
  /** How long to wait for this mail's slot, in milliseconds; 0 = now. The slot is used up by the call that answers ≤ `soonMs`. */
  reserve(id: string, lane: Lane, soonMs: number): Promise<number>;
}

/**
 * GCRA as a reservation. Each bucket is one number, the instant (µs) up to which it is promised.
 *
 * Marketing passes two hops: a slot in its lane, however far away, and then, when that has come near, a slot of the
 * account itself. A transactional mail books on the account at once and moves the lane's next slot back by as much, so
 * that the two together never exceed the rate and a marketing backlog delays a transactional mail by `soon` at most.
 *
 * A booked account slot that has passed by more than a second is booked anew: a thousand mails whose slots passed while
 * the workers were down would otherwise leave together.
 */
const reserveScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, soon, lane, keep = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]

local function promise(bucket, tat)
  redis.call('SET', bucket, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1000)
end
local function book(bucket, earliest)
  local tat = math.max(tonumber(redis.call('GET', bucket) or '0'), now)
  local slot = math.max(earliest, tat + interval - interval * burst)
  return slot, math.max(slot, tat) + interval
end

local booked = redis.call('HMGET', KEYS[3], 'lane', 'account')
if booked[2] and tonumber(booked[2]) > now - 1000000 then
  return math.max(0, math.ceil((tonumber(booked[2]) - now) / 1000))
end

local earliest = now
if lane == 'marketing' then
  local slot = booked[1] and tonumber(booked[1])
  if not slot then
    local tat
    slot, tat = book(KEYS[2], now)
    promise(KEYS[2], tat)
    redis.call('HSET', KEYS[3], 'lane', string.format('%.0f', slot))
    redis.call('PEXPIRE', KEYS[3], math.ceil((slot - now) / 1000) + keep)
  end
  if slot - now > soon then return math.ceil((slot - now) / 1000) end
  earliest = math.max(now, slot)
end

local slot, tat = book(KEYS[1], earliest)
if lane == 'marketing' and slot - now > soon then return math.ceil((slot - now) / 1000) end
promise(KEYS[1], tat)
if lane == 'transactional' then
  local laneTat = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now)
  promise(KEYS[2], laneTat + interval)
end
redis.call('HSET', KEYS[3], 'account', string.format('%.0f', slot))
redis.call('PEXPIRE', KEYS[3], math.ceil((slot - now) / 1000) + keep)
return math.max(0, math.ceil((slot - now) / 1000))`;

/** How long a booking is remembered after its slot: as long as a retry may take to come back for it. */
const keepBookingMs = 10 * 60_000;

/** `perSecond`: mails per second for the whole account. `burst`: how many may leave at once after a pause. */
export function createRates(redis: Redis, keys: Keys, perSecond: number, burst = 1): Rates {
  const script = defineScript<number>(redis, 'rivuletReserveSlot', 3, reserveScript);
  const intervalUs = Math.ceil(1_000_000 / perSecond);
  return {
    reserve: (id, lane, soonMs) =>
      script(
        [keys.rate('account'), keys.rate('marketing'), keys.reservation(id)],
        [intervalUs, burst, soonMs * 1000, lane, keepBookingMs],
      ),
  };
}
