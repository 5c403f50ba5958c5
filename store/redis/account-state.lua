--[[
  KEYS[1]  what the provider allows (hash)

  ARGV[1]  the configured rate, emails per second

  Returns texts, '' for what is unknown: emails per second now, what is left of the quota, and the last reading (emails per
  second, emails within 24 hours, how many of them were used).
]]
--- @include "clock.lua"
--- @include "limits.lua"

local limits = read_limits(KEYS[1], tonumber(ARGV[1]))
local reading = redis.call('HMGET', KEYS[1], 'max_rate', 'max_24', 'sent_24')
return {
  tostring(1e6 / interval(limits)),
  limits.left and string.format('%.0f', limits.left) or '',
  reading[1] or '',
  reading[2] or '',
  reading[3] or '',
}
