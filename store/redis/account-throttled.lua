--[[
  Slows the account down: the provider refused an email for going too fast. Once a second at most, since all emails that were
  on their way are refused together.

  KEYS[1]  what the provider allows (hash)

  ARGV[1]  how long it is kept (ms)
]]
--- @include "clock.lua"
--- @include "limits.lua"

-- What one throttle leaves of the present rate, and the least that any number of them leave of the whole.
local cut, slowest = 0.85, 0.1

local last = redis.call('HGET', KEYS[1], 'cut_at')
if last and math.abs(now - tonumber(last)) < 1e6 then return 0 end
local factor = math.max(slowest, read_limits(KEYS[1], 1).factor * cut)
redis.call('HSET', KEYS[1], 'factor', factor, 'cut_at', now)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
