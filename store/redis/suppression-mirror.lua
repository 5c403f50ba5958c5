--[[
  Writes the suppressions of one address as the record has them, unless a newer state is there already: two writers may arrive
  in another order than they read the record. Without the version an old suppression could return after it was lifted.

  KEYS[1]  <key_prefix>suppression:<keyed hash of the address>

  ARGV[1]  version of that address in the record
  ARGV[2]  when the key ends, in Unix ms, or '' for never
  ARGV[3]  '1' to write even if the version there is higher (the record was restored from a backup), else '0'
  ARGV[4]  and on: field, value pairs

  Returns the version that is there if it is higher and stays, else -1.
]]

local there = tonumber(redis.call('HGET', KEYS[1], 'version') or '-1')
if there > tonumber(ARGV[1]) and ARGV[3] == '0' then return there end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', ARGV[1])
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
if ARGV[2] ~= '' then redis.call('PEXPIREAT', KEYS[1], ARGV[2]) end
return -1
