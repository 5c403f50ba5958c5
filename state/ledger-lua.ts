// The ledger's steps, for every script that takes them.

/** Two mails leave at most this share of an interval closer than the rate says, so that a claim is not put off for a millisecond. */
const tolerance = 0.1;

/** A record of an older version that does not say when it was dispatched counts as dispatched now. */
export const readLua = `
local function read(send)
  local ms = string.format('%.0f', math.floor(now / 1000))
  local r = redis.call('HMGET', send, 'state', 'claim', 'at', 'failures', 'again', 'id', 'detail', 'version')
  if not r[1] then return false end
  if not r[3] then
    redis.call('HSET', send, 'at', ms)
    r[3] = ms
  end
  return { r[1], r[2] or '', r[3], ms, r[4] or '0', r[5] or '', r[6] or '', r[7] or '', r[8] or '' }
end`;

/** For scripts that claim a mail: whether they may, whether it would be too early (in µs), and the claim itself. */
export const claimLua = `
local tolerance = ${tolerance}
local function isFree(send, over)
  local record = redis.call('HMGET', send, 'state', 'claim')
  return not record[1] or record[1] == 'released' or (record[1] == 'dispatching' and record[2] == over)
end
local function earlyBy(pace, between)
  return paceFrom(pace, between) - now
end
local function claim(send, account, pace, slots, between, mail)
  local ms = string.format('%.0f', math.floor(now / 1000))
  redis.call('SET', pace, string.format('%.0f', paceFrom(pace, between) + between), 'PX', math.ceil(between / 1000) + 1000)
  redis.call('ZREM', slots, mail.tag)
  redis.call('HINCRBY', account, 'left_since', 1)
  redis.call('HSET', account, 'left_at', ms)
  redis.call('HSET', send, 'state', 'dispatching', 'claim', mail.mine, 'at', ms, 'user', mail.user, 'template', mail.template, 'topic', mail.topic, 'version', mail.version)
  redis.call('PEXPIRE', send, mail.keep)
end`;
