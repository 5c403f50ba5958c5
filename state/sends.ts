import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

/**
 * The ledger: what is known about each mail, by message tag. It is the reason why no mail leaves twice.
 *
 *   (nothing) ──claim──▶ dispatching ──accept──▶ accepted        the provider has it; its id is recorded
 *       ▲                  │   │  ▲                              a late answer or the event feed may bring this
 *       └────release───────┘   │  └─claim over a settled one     the provider certainly did not take it
 *                              └──conclude──▶ refused | unknown  nothing more will be tried
 *
 * `dispatching` is written before the provider is called and is durable by then (Redis with appendfsync always). Whoever
 * finds it there does not know whether the mail left, and settles that first. `accepted` is never overwritten.
 */
export interface Sends {
  read(tag: string): Promise<SendRecord | undefined>;
  /**
   * Takes the mail before the provider is called. Gives back undefined when the claim holds, else the record that stands
   * in the way. `over` names the claim of a dead attempt that has been settled; `possibleDuplicate` says that it may
   * have sent after all.
   */
  claim(tag: string, claim: string, way?: { over?: string; possibleDuplicate?: true }): Promise<SendRecord | undefined>;
  /** The provider has it; an empty id is one that was lost, and leaves a known one alone. True unless the record is gone. */
  accept(tag: string, providerId: string): Promise<boolean>;
  /** The provider certainly did not take it: the next attempt may claim at once. Counts the failure; gives the count. */
  release(tag: string, claim: string): Promise<number>;
  /** Ends it without a mail. An accepted mail stays accepted. */
  conclude(tag: string, outcome: 'refused' | 'unknown', detail: string): Promise<void>;
  /** Whether a send dispatched after this instant (Redis clock, ms) has been confirmed by the event feed. */
  feedHasPassed(dispatchedAt: number): Promise<boolean>;
  /** The event feed has told of this mail. */
  confirm(tag: string, providerId: string): Promise<boolean>;
}

export interface SendRecord {
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
}

type Reply = [
  state: string,
  claim: string,
  dispatchedAt: string,
  now: string,
  failures: string,
  again: string,
  id: string,
  detail: string,
];

const readLua = `
local function read()
  local r = redis.call('HMGET', KEYS[1], 'state', 'claim', 'at', 'failures', 'again', 'id', 'detail')
  if not r[1] then return false end
  return { r[1], r[2] or '', r[3] or '0', string.format('%.0f', now), r[4] or '0', r[5] or '', r[6] or '', r[7] or '' }
end`;

const clockLua = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

const scripts = {
  read: `${clockLua}${readLua}
    return read()`,
  claim: `${clockLua}${readLua}
    local record = read()
    local free = not record or record[1] == 'released' or (record[1] == 'dispatching' and record[2] == ARGV[2])
    if not free then return record end
    redis.call('HSET', KEYS[1], 'state', 'dispatching', 'claim', ARGV[1], 'at', string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    if ARGV[4] == 'again' then redis.call('HSET', KEYS[1], 'again', '1') end
    return false`,
  accept: `
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    redis.call('HSET', KEYS[1], 'state', 'accepted')
    if ARGV[1] ~= '' then redis.call('HSET', KEYS[1], 'id', ARGV[1]) end
    return 1`,
  release: `
    if redis.call('HGET', KEYS[1], 'state') ~= 'dispatching' or redis.call('HGET', KEYS[1], 'claim') ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'state', 'released')
    return redis.call('HINCRBY', KEYS[1], 'failures', 1)`,
  conclude: `
    if redis.call('HGET', KEYS[1], 'state') == 'accepted' then return 0 end
    redis.call('HSET', KEYS[1], 'state', ARGV[1], 'detail', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return 1`,
  confirm: `
    local at = redis.call('HGET', KEYS[1], 'at')
    if not at then return 0 end
    redis.call('HSET', KEYS[1], 'state', 'accepted', 'id', ARGV[1])
    local latest = tonumber(redis.call('GET', KEYS[2]) or '0')
    if tonumber(at) > latest then redis.call('SET', KEYS[2], at) end
    return 1`,
};

/** `rememberMs`: how long a mail is remembered after it was last touched; longer than anything can be replayed. */
export function createSends(redis: Redis, keys: Keys, rememberMs: number): Sends {
  const read = defineScript<Reply | null>(redis, 'rivuletReadSend', 1, scripts.read);
  const claim = defineScript<Reply | null>(redis, 'rivuletClaimSend', 1, scripts.claim);
  const accept = defineScript<number>(redis, 'rivuletAcceptSend', 1, scripts.accept);
  const release = defineScript<number>(redis, 'rivuletReleaseSend', 1, scripts.release);
  const conclude = defineScript<number>(redis, 'rivuletConcludeSend', 1, scripts.conclude);
  const confirm = defineScript<number>(redis, 'rivuletConfirmSend', 2, scripts.confirm);
  return {
    read: async (tag) => toRecord(await read([keys.send(tag)], [])),
    claim: async (tag, mine, { over = '', possibleDuplicate } = {}) =>
      toRecord(await claim([keys.send(tag)], [mine, over, rememberMs, possibleDuplicate ? 'again' : ''])),
    accept: async (tag, providerId) => (await accept([keys.send(tag)], [providerId])) === 1,
    release: async (tag, mine) => release([keys.send(tag)], [mine]),
    conclude: async (tag, outcome, detail) => {
      await conclude([keys.send(tag)], [outcome, detail, rememberMs]);
    },
    feedHasPassed: async (dispatchedAt) => Number((await redis.get(keys.feed())) ?? 0) > dispatchedAt,
    confirm: async (tag, providerId) => (await confirm([keys.send(tag), keys.feed()], [providerId])) === 1,
  };
}

function toRecord(reply: Reply | null): SendRecord | undefined {
  if (!reply) return undefined;
  const [state, claim, at, now, failures, again, id, detail] = reply;
  return {
    state: state as SendRecord['state'],
    claim,
    dispatchedAt: Number(at),
    ageMs: Number(now) - Number(at),
    failures: Number(failures),
    sentAgain: again === '1',
    ...(id && { providerId: id }),
    ...(detail && { detail }),
  };
}
