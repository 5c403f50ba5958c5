--[[
  Lets one caller within a time do something: whichever asks first.

  KEYS[1]  when it was last given (µs)
  KEYS[2]  what the provider allows (hash)

  ARGV[1]  within how long once (ms)
  ARGV[2]  the same while nothing was read from the provider (ms)

  Returns 0 for the one caller, else how long until the next (ms).
]]
--- @include "clock.lua"

local known = redis.call('HEXISTS', KEYS[2], 'max_rate') == 1
local every = tonumber(known and ARGV[1] or ARGV[2])
local wait = (tonumber(redis.call('GET', KEYS[1]) or 0) - now) / 1000 + every
-- More than the whole of it: the clock was set back since.
if wait > 0 and wait <= every then return math.ceil(wait) end
redis.call('SET', KEYS[1], now, 'PX', ARGV[1])
return 0
