import type { Keys } from './keys.ts';
import { defineScript, type Redis } from './redis.ts';

export const suppressionReasons = [
  'hard_bounce',
  'complaint',
  'soft_bounces',
  'invalid_address',
  'provider_list',
  'manual',
] as const;

/**
 * Why an address is not mailed. `soft_bounces`: it was unreachable for weeks. `invalid_address`: the provider's own
 * validation refuses it. `provider_list`: it stands on a list of the provider that does not say why.
 */
export type SuppressionReason = (typeof suppressionReasons)[number];

export interface Suppression {
  reason: SuppressionReason;
  /** `marketing` leaves transactional mail alone. */
  scope: 'all' | 'marketing';
  /** Unix ms. */
  since: number;
  /** When it is lifted, Unix ms; absent: never by itself. */
  until?: number;
  /** What brought it: `feedback`, `provider`, or a command of an operator. */
  source: string;
}

/** Those that the provider's own list knows as well. */
export type SharedReason = Extract<SuppressionReason, 'hard_bounce' | 'complaint'>;

/** Which of them keeps mail of this class from the address; undefined when none does. */
export function reasonAgainst(
  suppressions: readonly Suppression[],
  mail: 'marketing' | 'transactional',
): SuppressionReason | undefined {
  const holds = ({ scope, until }: Suppression) =>
    (scope === 'all' || mail === 'marketing') && (until === undefined || until > Date.now());
  return suppressions.find(holds)?.reason;
}

/** Whether the provider's list lacks it and could take it. What the provider told us, by list or feedback, it knows. */
export function isToTell({ reason, source }: Suppression): boolean {
  return (reason === 'hard_bounce' || reason === 'complaint') && source !== 'provider' && source !== 'feedback';
}

/**
 * Addresses that must not be mailed, by keyed hash: the list holds no address. An address may stand here for several
 * reasons; each is lifted by itself, and none hides another.
 */
export interface Suppressions {
  /**
   * Adds a reason, or makes one that is there as wide and as long as the new one. Gives whether anything changed.
   * From `provider`, nothing comes back that an operator has lifted since; see suppression-sync.ts.
   */
  add(addressHash: string, suppression: Suppression): Promise<boolean>;
  /** Takes one reason away, or all of them. Gives those that were there. */
  lift(addressHash: string, reason?: SuppressionReason): Promise<SuppressionReason[]>;
  of(addressHash: string): Promise<Suppression[]>;
  /** The reason that keeps mail of this class from the address; undefined when none does. */
  reasonFor(addressHash: string, mail: 'marketing' | 'transactional'): Promise<SuppressionReason | undefined>;
  /** Every suppressed address hash, page by page; one may come twice. */
  all(): AsyncIterable<string[]>;
}

/**
 * The same reason twice: the wider scope, the later end, the first beginning. In the same step the provider's list is
 * thought of: what an operator lifted later than the provider listed it stays lifted, and what the provider cannot know
 * is noted for it.
 */
const addScript = `
local reason, hash = ARGV[1], ARGV[3]
local more = cjson.decode(ARGV[2])
if more.source == 'provider' then
  for _, mark in ipairs({hash, hash .. '/' .. reason}) do
    local lifted = redis.call('HGET', KEYS[3], mark)
    if lifted and tonumber(lifted) >= more.since then return 0 end
  end
end
local text = redis.call('HGET', KEYS[1], reason)
if text then
  local known = cjson.decode(text)
  local wider = known.scope ~= 'all' and more.scope == 'all'
  local longer = known['until'] and not (more['until'] and more['until'] <= known['until'])
  if not wider and not longer then return 0 end
  if wider then known.scope = 'all' end
  if longer then known['until'] = more['until'] end
  more = known
end
redis.call('HSET', KEYS[1], reason, cjson.encode(more))
if ARGV[4] == '1' then redis.call('SADD', KEYS[2], hash) end
return 1`;

/** What adding `more` makes of `known`, as the script does; undefined when nothing changes. */
export function widened(known: Suppression | undefined, more: Suppression): Suppression | undefined {
  if (!known) return more;
  const wider = known.scope !== 'all' && more.scope === 'all';
  const longer = known.until !== undefined && !(more.until !== undefined && more.until <= known.until);
  if (!wider && !longer) return undefined;
  const { until, ...rest } = longer ? { ...known, until: more.until } : known;
  return { ...rest, ...(wider && { scope: 'all' }), ...(until !== undefined && { until }) };
}

export function createSuppressions(redis: Redis, keys: Keys): Suppressions {
  // A person who said no is remembered even when Redis is full.
  const add = defineScript<number>(redis, 'rivuletSuppress', 3, addScript, 'goOn');
  const of = async (hash: string) =>
    Object.values(await redis.hgetall(keys.suppression(hash))).map((text) => JSON.parse(text) as Suppression);
  return {
    async add(hash, suppression) {
      const sets = [keys.suppression(hash), keys.suppressionsToTell(), keys.suppressionsToLift()];
      const tell = isToTell(suppression) ? 1 : 0;
      return (await add(sets, [suppression.reason, JSON.stringify(suppression), hash, tell])) === 1;
    },
    async lift(hash, reason) {
      const there = (await of(hash))
        .map((each) => each.reason)
        .filter((each) => reason === undefined || each === reason);
      if (there.length > 0) await redis.hdel(keys.suppression(hash), ...there);
      return there;
    },
    of,
    reasonFor: async (hash, mail) => reasonAgainst(await of(hash), mail),
    async *all() {
      const start = keys.suppression('');
      for await (const page of redis.scanStream({ match: `${start.replaceAll(/[[\]*?\\]/g, '\\$&')}*`, count: 1_000 }))
        yield (page as string[]).map((key) => key.slice(start.length));
    },
  };
}
