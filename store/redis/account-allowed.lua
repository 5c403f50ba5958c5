--[[
  Records what a reading call to the provider returned. Ends what a refusal said about the daily quota when there is room again.

  KEYS[1]  what the provider allows (hash)

  ARGV[1]  emails per second
  ARGV[2]  emails within any 24 hours; -1 without a limit
  ARGV[3]  how many of them were used when this was read
  ARGV[4]  how long it is kept (ms)
]]
--- @include "clock.lua"
--- @include "limits.lua"

local account, max_rate, max_24, sent_24, keep = KEYS[1], unpack(ARGV)
local left_before = redis.call('HGET', account, 'left_since') or '0'
redis.call(
  'HSET', account,
  'max_rate', max_rate, 'max_24', max_24, 'sent_24', sent_24, 'left_before', left_before, 'left_since', '0'
)
redis.call('PEXPIRE', account, keep)
local limits = read_limits(account, tonumber(max_rate))
if not limits.quota or limits.left > 0 then redis.call('HDEL', account, 'spent_until') end
return 1
