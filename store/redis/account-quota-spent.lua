--[[
  Stops the account for a while: the provider refused an email because the day's quota is spent.

  KEYS[1]  what the provider allows (hash)

  ARGV[1]  for how long (ms)
  ARGV[2]  how long it is kept (ms)
]]
--- @include "clock.lua"

redis.call('HSET', KEYS[1], 'spent_until', now + ARGV[1] * 1000)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
