--[[
  Gives a held email the time at which it asks again, so that held emails come back as fast as they can be sent.

  What is counted is emails, not time: the rank of the next one. It drains at the rate of the account, and what is left is
  turned into a wait at the present rate. So a higher or lower rate shows in the next answer; and the recovery from a throttle,
  which is known beforehand, in every one.

  KEYS[1]  what the provider allows (hash)
  KEYS[2]  how many emails of this lane are parked (hash): `rank` of the next one, `at` which time (µs)

  ARGV[1]  the configured rate, emails per second

  Returns the wait of this email behind those parked before it (ms).
]]
--- @include "clock.lua"
--- @include "limits.lua"

local account, parked = unpack(KEYS)
local limits = read_limits(account, tonumber(ARGV[1]))
local rate = limits.most_per_second

-- How many emails are sent within `seconds` by a rate that begins at `factor` of the whole and recovers.
local function sent_within(seconds, factor)
  local recovering = math.min(seconds, (1 - factor) / recovered_per_second)
  return rate * (factor * recovering + recovered_per_second * recovering ^ 2 / 2 + seconds - recovering)
end

-- The inverse: the seconds that it takes to send so many from now on.
local function seconds_for(emails)
  local factor = limits.factor
  local until_whole = (1 - factor) / recovered_per_second
  local meanwhile = sent_within(until_whole, factor)
  if emails >= meanwhile then return until_whole + (emails - meanwhile) / rate end
  return (math.sqrt(factor ^ 2 + 2 * recovered_per_second * emails / rate) - factor) / recovered_per_second
end

local rank, at = unpack(redis.call('HMGET', parked, 'rank', 'at'))
rank = tonumber(rank or 0)
-- A clock that was set back: nothing has drained since.
local seconds = math.max(0, now - tonumber(at or now)) / 1e6
local factor_then = math.max(0, limits.factor - seconds * recovered_per_second)
rank = math.max(0, rank - sent_within(seconds, factor_then))

local wait = math.ceil(seconds_for(rank) * 1000)
redis.call('HSET', parked, 'rank', rank + 1, 'at', now)
redis.call('PEXPIRE', parked, wait + 60000)
return wait
