--[[
  Takes the slot of one email: GCRA as a reservation, in three steps.

  1. The queue of its lane, ordered by when journeys asked. An email is given the time at which its slot should be near, and
     asks again then. One that was expected and does not ask is no longer waited for; when it asks, it has its old place.
  2. A slot of the account: after the instant up to which slots were used (the pace), one interval for each slot that is
     booked and not yet used. No slot is far: marketing books at most its horizon ahead (0.3 s), transactional email a
     second. So a marketing backlog delays a transactional email by 0.3 s at most, and under a flood of transactional email
     marketing waits.
  3. Its use, once its time has come. Only this moves the pace.

  Nothing is promised for longer than that second, so the rate may change, and workers may stop, at any moment: each answer
  is what is true when it is given. A slot that has passed by more than a second is void: a thousand emails whose slots
  passed while the workers were down would otherwise be sent together.

  KEYS[1]  what the provider allows (hash)
  KEYS[2]  the pace: when the next interval begins (µs)
  KEYS[3]  booked slots: id -> when (µs)
  KEYS[4]  the queue of its lane: id -> when its journey asked (ms)
  KEYS[5]  when the ids in that queue are expected to ask again (µs)
  KEYS[6]  the queue of the other lane
  KEYS[7]  when the ids in the other queue are expected

  ARGV[1]  the configured rate, emails per second
  ARGV[2]  the share of the day's quota that is reserved for transactional email
  ARGV[3]  the lane
  ARGV[4]  the email's id
  ARGV[5]  when its journey asked for it (ms)
  ARGV[6]  how far ahead its lane books slots (µs)

  Returns { 'slot' | 'wait' | 'no_quota', how long to wait (ms) }.
]]
--- @include "clock.lua"
--- @include "limits.lua"

local account, pace, slots, queue, expected = unpack(KEYS)
local rate, reserve, lane, id, since, horizon =
  tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])

-- An email that does not ask when it was expected is waited for so much longer (µs).
local grace = 2e6
-- How long queues and slots are kept after the last change to them (ms).
local keep = 60000
-- The account ends a day after the last reading, which then says nothing any more (ms).
local keep_account = 86400000

local limits = read_limits(account, rate)
if not has_quota(limits, lane, reserve) then return { 'no_quota', 0 } end
local between = interval(limits)

-- A slot may be used this much early, so that no email is put off for a millisecond. The pace does not move sooner by it.
local tolerance = between * 0.1

-- The pace is at most 1.1 intervals ahead when it is written, and an interval is ten times as long at most while the provider
-- throttles. What is farther ahead was written by a clock that has been set back since, as a failover may do it. All that was
-- noted by that clock would hold emails until its time comes again.
local last = tonumber(redis.call('GET', pace) or '0')
if last > now + 1e6 + 11 * between then
  redis.call('UNLINK', unpack(KEYS, 2))
  last = 0
end

-- At high rates timers are as coarse as the intervals, and each email a little late: up to 20 ms that were missed are caught
-- up, so that an hour of 500 a second has 1,800,000 slots and not two thirds of them. At most one email in fifty more is sent
-- in any one second; below 50 a second none.
local from = math.max(last, between < 20000 and now - 20000 or now)

local function use()
  local next_from = from + between
  redis.call('SET', pace, next_from, 'PX', math.ceil((next_from - now) / 1000) + 1000)
  if redis.call('HINCRBY', account, 'left_since', 1) == 1 then redis.call('PEXPIRE', account, keep_account) end
  return { 'slot', 0 }
end

local function wait_until(at)
  return { 'wait', math.max(1, math.ceil((at - now) / 1000)) }
end

-- From here on, what takes memory is written before anything is removed: a full Redis refuses the first such write, and then
-- nothing has changed.

-- The slot that an earlier call has booked, unless it is void.
local valid_from, valid_to = now - 1e6, now + 2e6
local booked = tonumber(redis.call('ZSCORE', slots, id) or '0')
if booked >= valid_from and booked <= valid_to then
  local at = math.max(booked, from)
  if at - tolerance > now then return wait_until(at - tolerance) end
  local used = use()
  redis.call('ZREM', slots, id)
  return used
end

-- Its place in the queue, and the slot that comes behind all that are booked.
local place = redis.call('ZRANK', queue, id)
local ahead = place or redis.call('ZCOUNT', queue, '-inf', since)
local slot = from + redis.call('ZCOUNT', slots, valid_from, valid_to) * between
local due = slot + ahead * between - horizon

if due > now then
  redis.call('ZADD', queue, since, id)
  redis.call('ZADD', expected, due, id)
  for _, key in ipairs({ queue, expected }) do
    redis.call('PEXPIRE', key, math.ceil((due - now) / 1000) + keep)
  end
  local missing = redis.call('ZRANGEBYSCORE', expected, '-inf', now - grace, 'LIMIT', 0, 100)
  if #missing > 0 then
    redis.call('ZREM', queue, unpack(missing))
    redis.call('ZREM', expected, unpack(missing))
  end
  return wait_until(due)
end

local answer
if slot - tolerance <= now then
  answer = use()
else
  redis.call('ZADD', slots, slot, id)
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', valid_from)
  redis.call('PEXPIRE', slots, keep)
  answer = wait_until(slot - tolerance)
end
if place then
  redis.call('ZREM', queue, id)
  redis.call('ZREM', expected, id)
end
return answer
