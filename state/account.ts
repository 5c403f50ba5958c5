import type { Keys } from './keys.ts';
import { clockLua, defineScript, type Redis } from './redis.ts';

/** What the provider allows, as it was last read. */
export interface AllowedByProvider {
  /** Mails per second. */
  maxPerSecond: number;
  /** Mails within any 24 hours; -1 when there is no limit. */
  max24Hours: number;
  /** How many of them were used when this was read. */
  sent24Hours: number;
}

/** The account as all workers see it. */
export interface Account {
  /** What a reading call said. Takes back what a refusal had said about the daily quota when there is room again. */
  allowed(limits: AllowedByProvider): Promise<void>;
  /** The provider refused a mail for going too fast: slower for everybody, for a while. */
  throttled(): Promise<void>;
  /** The provider refused a mail because the day's quota is spent. */
  quotaSpent(forMs: number): Promise<void>;
  state(): Promise<AccountState>;
  /** True for one caller within `everyMs`: whoever gets it reads what the provider allows. */
  readingIsDue(everyMs: number): Promise<boolean>;
  /** Takes the turn of one reading call, or says how long until the next, in milliseconds. */
  readingTurn(): Promise<number>;
}

export interface AccountState {
  /** Mails per second that leave at most, now. */
  perSecond: number;
  allowed?: AllowedByProvider;
  /** Mails that may still leave today, by what was read and what left since; absent without a limit. */
  quotaLeft?: number;
}

/** How much slower after a throttle, how slow at most, and how much of the whole rate comes back each second. */
const cut = 0.85;
const slowest = 0.1;
const recoveredPerSecond = 0.0025; // a cut of 15 % is gone after a minute

/** SES takes one reading call a second; a little more, since calls do not travel equally fast. */
const readingEveryMs = 1_100;

/**
 * For scripts that let a mail go. `now` is in microseconds.
 * `interval`: µs between two mails: the lower of what is configured and what the provider allows, times what throttling
 * has left of it. `quotaLeft`: how many may leave today, false without a limit; what left since the reading before last
 * is counted on top, because the provider's own count lags.
 */
export const accountLua = `
local function interval(account, configured)
  local r = redis.call('HMGET', account, 'max_rate', 'factor', 'cut_at')
  local rate = configured
  if r[1] and tonumber(r[1]) > 0 then rate = math.min(rate, tonumber(r[1])) end
  local factor = 1
  -- After a failover the clock may be behind that of the cut: what lies ahead counts as as long ago.
  if r[2] then factor = math.min(1, tonumber(r[2]) + math.abs(now - tonumber(r[3])) / 1e6 * ${recoveredPerSecond}) end
  return math.ceil(1e6 / (rate * factor)), factor
end
local function quotaLeft(account)
  local r = redis.call('HMGET', account, 'max_24', 'sent_24', 'left_since', 'left_before')
  if not r[1] or tonumber(r[1]) < 0 then return false end
  return tonumber(r[1]) - tonumber(r[2]) - tonumber(r[3] or 0) - tonumber(r[4] or 0), tonumber(r[1])
end
local function hasQuota(account, lane, reserve)
  local spent = redis.call('HGET', account, 'spent_until')
  if spent and tonumber(spent) > now then return false end
  local left, all = quotaLeft(account)
  if not left then return true end
  if lane == 'transactional' then return left > 0 end
  return left > all * reserve
end`;

const scripts = {
  allowed: `${clockLua}${accountLua}
    redis.call('HSET', KEYS[1], 'max_rate', ARGV[1], 'max_24', ARGV[2], 'sent_24', ARGV[3])
    redis.call('HSET', KEYS[1], 'left_before', redis.call('HGET', KEYS[1], 'left_since') or '0', 'left_since', '0')
    local left = quotaLeft(KEYS[1])
    if not left or left > 0 then redis.call('HDEL', KEYS[1], 'spent_until') end
    return 1`,
  throttled: `${clockLua}${accountLua}
    local last = redis.call('HGET', KEYS[1], 'cut_at')
    if last and math.abs(now - tonumber(last)) < 1e6 then return 0 end
    local _, factor = interval(KEYS[1], 1)
    redis.call('HSET', KEYS[1], 'factor', math.max(${slowest}, factor * ${cut}), 'cut_at', string.format('%.0f', now))
    return 1`,
  quotaSpent: `${clockLua}
    redis.call('HSET', KEYS[1], 'spent_until', string.format('%.0f', now + tonumber(ARGV[1]) * 1000))
    return 1`,
  state: `${clockLua}${accountLua}
    local r = redis.call('HMGET', KEYS[1], 'max_rate', 'max_24', 'sent_24')
    local left = quotaLeft(KEYS[1])
    return { tostring(1e6 / interval(KEYS[1], tonumber(ARGV[1]))), left and tostring(left) or '', r[1] or '', r[2] or '', r[3] or '' }`,
};

/** `perSecond`: the configured rate. */
export function createAccount(redis: Redis, keys: Keys, perSecond: number): Account {
  const key = keys.account();
  const allowed = defineScript<number>(redis, 'rivuletAllowed', 1, scripts.allowed, 'goOn');
  const throttled = defineScript<number>(redis, 'rivuletThrottled', 1, scripts.throttled, 'goOn');
  const quotaSpent = defineScript<number>(redis, 'rivuletQuotaSpent', 1, scripts.quotaSpent, 'goOn');
  const state = defineScript<string[]>(redis, 'rivuletAccountState', 1, scripts.state, 'goOn');
  return {
    allowed: async (limits) => {
      await allowed([key], [limits.maxPerSecond, limits.max24Hours, limits.sent24Hours]);
    },
    throttled: async () => {
      await throttled([key], []);
    },
    quotaSpent: async (forMs) => {
      await quotaSpent([key], [Math.ceil(forMs)]);
    },
    async state() {
      const [rate = '', left = '', maxPerSecond = '', max24Hours = '', sent24Hours = ''] = await state(
        [key],
        [perSecond],
      );
      return {
        perSecond: Number(rate),
        ...(left && { quotaLeft: Number(left) }),
        ...(maxPerSecond && {
          allowed: {
            maxPerSecond: Number(maxPerSecond),
            max24Hours: Number(max24Hours),
            sent24Hours: Number(sent24Hours),
          },
        }),
      };
    },
    readingIsDue: async (everyMs) => (await redis.set(keys.turn('account'), '1', 'PX', everyMs, 'NX')) === 'OK',
    async readingTurn() {
      if ((await redis.set(keys.turn('reading'), '1', 'PX', readingEveryMs, 'NX')) === 'OK') return 0;
      return Math.max(1, await redis.pttl(keys.turn('reading')));
    },
  };
}
