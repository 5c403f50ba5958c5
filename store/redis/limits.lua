-- What the account allows now, for every script that asks. Needs `now`.

-- How much of the whole rate comes back each second after a throttle: a cut of 15 % is gone after a minute.
local recovered_per_second = 0.0025

-- `most_per_second`: the lower of the configured and the provider's rate.
-- `factor`: what throttling has left of it. After a failover the clock may be behind that of the cut: what is ahead counts
-- as equally long ago.
-- `quota`, `left`: per 24 hours, and what of it is left; nil without a limit or before the first reading. Emails sent since
-- the reading before last are subtracted, because the provider's own count lags.
local function read_limits(account, configured)
  local max_rate, factor, cut_at, spent_until, quota, sent, since, before = unpack(
    redis.call(
      'HMGET', account,
      'max_rate', 'factor', 'cut_at', 'spent_until', 'max_24', 'sent_24', 'left_since', 'left_before'
    )
  )
  local limits = { most_per_second = configured, factor = 1, spent = spent_until and tonumber(spent_until) > now }
  if max_rate and tonumber(max_rate) > 0 then limits.most_per_second = math.min(configured, tonumber(max_rate)) end
  if factor then
    local seconds = math.abs(now - tonumber(cut_at)) / 1e6
    limits.factor = math.min(1, tonumber(factor) + seconds * recovered_per_second)
  end
  if quota and tonumber(quota) >= 0 then
    limits.quota = tonumber(quota)
    limits.left = limits.quota - tonumber(sent) - tonumber(since or 0) - tonumber(before or 0)
  end
  return limits
end

-- Between two emails, in µs.
local function interval(limits)
  return math.ceil(1e6 / (limits.most_per_second * limits.factor))
end

-- `reserve`: the share of the day's quota that only transactional email may use.
local function has_quota(limits, lane, reserve)
  if limits.spent then return false end
  if not limits.quota then return true end
  return limits.left > (lane == 'transactional' and 0 or limits.quota * reserve)
end
