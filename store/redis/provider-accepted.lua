--[[
  Notes when the provider last accepted an email, by Redis's clock.

  KEYS[1]  when (ms)

  ARGV[1]  how long it is kept (ms)
]]
--- @include "clock.lua"

redis.call('SET', KEYS[1], math.floor(now / 1000), 'PX', ARGV[1])
return 1
