import { accountLua } from './account.ts';
import type { Keys } from './keys.ts';
import { claimLua, readLua } from './ledger-lua.ts';
import { paceLua, type Terms } from './rates.ts';
import { clockLua, defineScript, type Redis } from './redis.ts';
import { stoppedLua } from './stops.ts';

/**
 * The ledger: what is known about each mail, by message tag. It is the reason why no mail leaves twice.
 *
 *   (nothing) ──claim──▶ dispatching ──accept──▶ accepted        the provider has it; its id is recorded
 *       ▲                  │   │  ▲                              a late answer or the event feed may bring this
 *       └────release───────┘   │  └─claim over a settled one     the provider certainly did not take it
 *                              └──conclude──▶ refused | unknown  nothing more will be tried
 *
 * `dispatching` is written before the provider is called and is durable by then (Redis with appendfsync always, or
 * WAITAOF). Whoever finds it there does not know whether the mail left, and settles that first. `accepted` is never
 * overwritten.
 */
export interface Sends {
  /** A record of an older version that does not say when it was dispatched counts as dispatched now. */
  read(tag: string): Promise<SendRecord | undefined>;
  /**
   * Takes the mail before the provider is called, if nothing stops it at this moment. `over` names the claim of a dead
   * attempt that has been settled; `possibleDuplicate` says that it may have sent after all.
   */
  claim(
    tag: string,
    claim: string,
    terms: Terms,
    way?: { over?: string; possibleDuplicate?: true },
    about?: MailAbout,
  ): Promise<Claimed>;
  /** What the mail is, for whoever hears of it by its tag alone; nothing when it is not in the ledger. */
  about(tag: string): Promise<MailAbout>;
  /** Whether the claim still holds; if so it counts from now on, for the call that is made now. */
  renew(tag: string, claim: string): Promise<boolean>;
  /** The provider has it; an empty id is one that was lost, and leaves a known one alone. */
  accept(tag: string, providerId: string): Promise<Told>;
  /** The provider certainly did not take it: the next attempt may claim at once. Counts the failure; gives the count. */
  release(tag: string, claim: string): Promise<number>;
  /** Ends it without a mail. An accepted mail stays accepted. */
  conclude(tag: string, outcome: 'refused' | 'unknown', detail: string): Promise<void>;
  /** The event feed has told of this mail. */
  confirm(tag: string, providerId: string): Promise<Told>;
  /** Returns when a claim is where no crash of Redis takes it away. Throws, and gives it back, when that takes too long. */
  claimOnDisk(tag: string, claim: string): Promise<void>;
  /** Everything that the feed had told until `lagMs` ago has been taken in. */
  feedRead(lagMs: number): Promise<void>;
  /**
   * What the feed says of a mail dispatched at this instant that it has not told of, `windowMs` after it or later.
   */
  feedSince(dispatchedAt: number, windowMs: number): Promise<FeedSays>;
}

/** What a mail is, in ids and names that say nothing about the person. */
export interface MailAbout {
  user?: string;
  template?: string;
  topic?: string;
  /** Which words. */
  version?: string;
}

/** What a claim met. `stopped` and `no_quota` as in rates.ts; `too_early`: the mail before it left less than an interval ago. */
export type Claimed =
  | { kind: 'claimed' }
  | { kind: 'taken' }
  | { kind: 'stopped'; by: string }
  | { kind: 'no_quota' }
  | { kind: 'too_early'; waitMs: number };

/**
 * `passed`: the feed has told of a mail that was dispatched later. `silent`: it has told of none. `quiet`: there was none to
 * tell of. `behind`: what it told within the window has not all been taken in.
 */
export type FeedSays = 'passed' | 'silent' | 'quiet' | 'behind';

/** `again`: the provider has taken this mail under another id before, so that it left twice. */
export type Told = 'told' | 'again' | 'no_record';

export interface SendRecord {
  /** Another state than these was written by a version that this one does not know. */
  state: 'dispatching' | 'accepted' | 'refused' | 'unknown' | 'released';
  claim: string;
  /** Redis clock, Unix ms. */
  dispatchedAt: number;
  /** By Redis clock, how long ago that was. */
  ageMs: number;
  failures: number;
  /** It was already sent a second time without knowing what became of the first. */
  sentAgain: boolean;
  providerId?: string;
  detail?: string;
  /** In which words it was claimed. */
  version?: string;
}

export interface SendsOptions {
  /** How long a mail is remembered after it was last touched, in ms; longer than anything can be replayed. */
  rememberMs: number;
  /** The configured rate, mails per second, and the share of the day's quota kept for transactional mail. */
  perSecond: number;
  quotaReserve: number;
  /** Redis writes to disk only now and then, so each claim waits until its own writing is there (WAITAOF). */
  waitForDisk?: boolean | undefined;
}

export type Reply = [
  state: string,
  claim: string,
  dispatchedAt: string,
  now: string,
  failures: string,
  again: string,
  id: string,
  detail: string,
  version: string,
];

const msLua = `${clockLua}
local ms = string.format('%.0f', math.floor(now / 1000))`;

const keepIdLua = `
local function keepId(id)
  local known = redis.call('HGET', KEYS[1], 'id')
  if id == '' or id == known then return 1 end
  if known and known ~= '' then
    redis.call('HSET', KEYS[1], 'other_id', id)
    return 2
  end
  redis.call('HSET', KEYS[1], 'id', id)
  return 1
end`;

const scripts = {
  read: `${clockLua}${readLua}
    return read(KEYS[1])`,
  claim: `${clockLua}${stoppedLua}${accountLua}${paceLua}${claimLua}
    local send, stops, account, pace, slots = unpack(KEYS)
    local mine, over, keep, again, lane = unpack(ARGV, 1, 5)
    local rate, reserve = tonumber(ARGV[6]), tonumber(ARGV[7])
    if not isFree(send, over) then return { 'taken', '' } end

    local by = stopped(stops, { unpack(ARGV, 13) })
    if by then return { 'stopped', by } end
    if not hasQuota(account, lane, reserve) then return { 'no_quota', '' } end
    local between = interval(account, rate)
    local early = earlyBy(pace, between) - between * tolerance
    if early > 0 then return { 'too_early', tostring(math.ceil(early / 1000)) } end
    local tag, user, template, topic, version = unpack(ARGV, 8, 12)
    claim(send, account, pace, slots, between, { mine = mine, tag = tag, keep = keep, user = user, template = template, topic = topic, version = version })
    if again == 'again' then redis.call('HSET', send, 'again', '1') end
    return { 'claimed', '' }`,
  renew: `${msLua}
    local record = redis.call('HMGET', KEYS[1], 'state', 'claim')
    if record[1] ~= 'dispatching' or record[2] ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'at', ms)
    return 1`,
  accept: `${keepIdLua}
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    redis.call('HSET', KEYS[1], 'state', 'accepted')
    return keepId(ARGV[1])`,
  release: `
    local record = redis.call('HMGET', KEYS[1], 'state', 'claim')
    if record[1] ~= 'dispatching' or record[2] ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'state', 'released')
    return redis.call('HINCRBY', KEYS[1], 'failures', 1)`,
  conclude: `
    if redis.call('HGET', KEYS[1], 'state') == 'accepted' then return 0 end
    redis.call('HSET', KEYS[1], 'state', ARGV[1], 'detail', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return 1`,
  confirm: `${keepIdLua}
    local at = redis.call('HGET', KEYS[1], 'at')
    if not at then return 0 end
    redis.call('HSET', KEYS[1], 'state', 'accepted')
    local latest = tonumber(redis.call('GET', KEYS[2]) or '0')
    if tonumber(at) > latest then redis.call('SET', KEYS[2], at) end
    return keepId(ARGV[1])`,
  feedRead: `${clockLua}
    redis.call('SET', KEYS[1], string.format('%.0f', math.floor(now / 1000 - tonumber(ARGV[1]))))
    return 1`,
};

const told: Record<number, Told> = { 0: 'no_record', 1: 'told', 2: 'again' };

export function createSends(redis: Redis, keys: Keys, options: SendsOptions): Sends {
  // The ledger goes on when Redis is full: it is small, and without it nothing may leave.
  const whenFull = 'goOn';
  const read = defineScript<Reply | null>(redis, 'rivuletReadSend', 1, scripts.read, whenFull);
  const claim = defineScript<[Claimed['kind'], string]>(redis, 'rivuletClaimSend', 5, scripts.claim, whenFull);
  const renew = defineScript<number>(redis, 'rivuletRenewSend', 1, scripts.renew, whenFull);
  const accept = defineScript<number>(redis, 'rivuletAcceptSend', 1, scripts.accept, whenFull);
  const release = defineScript<number>(redis, 'rivuletReleaseSend', 1, scripts.release, whenFull);
  const conclude = defineScript<number>(redis, 'rivuletConcludeSend', 1, scripts.conclude, whenFull);
  const confirm = defineScript<number>(redis, 'rivuletConfirmSend', 2, scripts.confirm, whenFull);
  const feedRead = defineScript<number>(redis, 'rivuletFeedRead', 1, scripts.feedRead, whenFull);
  const { rememberMs, perSecond, quotaReserve, waitForDisk } = options;
  const claimOnDisk = async (tag: string, mine: string) => {
    if (!waitForDisk) return;
    try {
      await onDisk(redis);
    } catch (error) {
      await release([keys.send(tag)], [mine]).catch(() => undefined); // nobody was called: it need not be settled
      throw error;
    }
  };
  return {
    claimOnDisk,
    read: async (tag) => toRecord(await read([keys.send(tag)], [])),
    async claim(tag, mine, { lane, stops }, { over = '', possibleDuplicate } = {}, about = {}) {
      const { user = '', template = '', topic = '', version = '' } = about;
      const again = possibleDuplicate ? 'again' : '';
      const [kind, value] = await claim(
        [keys.send(tag), keys.stops(), keys.account(), keys.rate('pace'), keys.rate('slots')],
        [mine, over, rememberMs, again, lane, perSecond, quotaReserve, tag, user, template, topic, version, ...stops],
      );
      if (kind === 'claimed') await claimOnDisk(tag, mine);
      if (kind === 'stopped') return { kind, by: value };
      if (kind === 'too_early') return { kind, waitMs: Number(value) };
      return { kind };
    },
    async about(tag) {
      const [user, template, topic, version] = await redis.hmget(
        keys.send(tag),
        'user',
        'template',
        'topic',
        'version',
      );
      return {
        ...(user && { user }),
        ...(template && { template }),
        ...(topic && { topic }),
        ...(version && { version }),
      };
    },
    renew: async (tag, mine) => (await renew([keys.send(tag)], [mine])) === 1,
    accept: async (tag, providerId) => told[await accept([keys.send(tag)], [providerId])] ?? 'no_record',
    release: async (tag, mine) => release([keys.send(tag)], [mine]),
    conclude: async (tag, outcome, detail) => {
      await conclude([keys.send(tag)], [outcome, detail, rememberMs]);
    },
    confirm: async (tag, providerId) => told[await confirm([keys.send(tag), keys.feed()], [providerId])] ?? 'no_record',
    feedRead: async (lagMs) => {
      await feedRead([keys.feedRead()], [Math.ceil(lagMs)]);
    },
    async feedSince(dispatchedAt, windowMs) {
      const [[told, readUntil], left] = await Promise.all([
        redis.mget(keys.feed(), keys.feedRead()),
        redis.hget(keys.account(), 'left_at'),
      ]);
      if (readUntil && Number(readUntil) < dispatchedAt + windowMs) return 'behind';
      if (Number(told ?? 0) > dispatchedAt) return 'passed';
      return Number(left ?? 0) > dispatchedAt ? 'silent' : 'quiet';
    },
  };
}

const diskWithinMs = 1_500;

/** Throws when what was written is not on disk in time. */
async function onDisk(redis: Redis): Promise<void> {
  const [local] = (await redis.call('WAITAOF', 1, 0, diskWithinMs)) as [number, number];
  if (local < 1) throw new Error(`Redis did not write the claim to disk within ${diskWithinMs} ms`);
}

/** What `read` gives. */
export function toRecord(reply: Reply | null): SendRecord | undefined {
  if (!reply) return undefined;
  const [state, claim, at, now, failures, again, id, detail, version] = reply;
  return {
    state: state as SendRecord['state'],
    claim,
    dispatchedAt: Number(at),
    ageMs: Number(now) - Number(at),
    failures: Number(failures),
    sentAgain: again === '1',
    ...(id && { providerId: id }),
    ...(detail && { detail }),
    ...(version && { version }),
  };
}
