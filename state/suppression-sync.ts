import type { Keys } from './keys.ts';
import { clockLua, defineScript, type Redis } from './redis.ts';
import type { SharedReason } from './suppressions.ts';

/** An operator has taken these reasons (all, without one) off an address. Until the provider's list follows, it is noted. */
export interface Lift {
  addressHash: string;
  reason?: SharedReason;
  /** Unix ms, by Redis's clock. */
  at: number;
}

/** What there is to settle between our suppressions and the provider's list. Holds no address. */
export interface SuppressionSync {
  /** Notes that the provider's list shall forget this. Before the suppression is lifted here, or a sync could bring it back. */
  lift(addressHash: string, reason?: SharedReason): Promise<void>;
  lifts(): Promise<Lift[]>;
  /** Suppressions that the provider's list lacks, page by page; one may come twice. `Suppressions.add` notes them. */
  toTell(): AsyncIterable<string[]>;
  told(addressHash: string): Promise<void>;
  /** Redis's clock, Unix ms: the one that `Lift.at` is by. */
  now(): Promise<number>;
  /** When the last reading of the provider's list began that came to its end, Unix ms. */
  lastRead(): Promise<number | undefined>;
  /** The list was read to its end, from `startedAt` on. What was to be lifted before is lifted. */
  read(startedAt: number): Promise<void>;
  /** How far a run of the sync has come, for its next attempt. */
  progress<Progress>(run: string): Promise<Progress | undefined>;
  keepProgress(run: string, progress: object): Promise<void>;
}

const liftScript = `${clockLua}
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', math.floor(now / 1000)))
return 1`;

const readScript = `
redis.call('HSET', KEYS[1], 'read', ARGV[1])
local marks = redis.call('HGETALL', KEYS[2])
for i = 1, #marks, 2 do
  if tonumber(marks[i + 1]) <= tonumber(ARGV[1]) then redis.call('HDEL', KEYS[2], marks[i]) end
end
return 1`;

export function createSuppressionSync(redis: Redis, keys: Keys): SuppressionSync {
  const lift = defineScript<number>(redis, 'rivuletLiftSuppression', 1, liftScript, 'goOn');
  const read = defineScript<number>(redis, 'rivuletSuppressionsRead', 2, readScript, 'goOn');
  return {
    async lift(hash, reason) {
      await lift([keys.suppressionsToLift()], [reason === undefined ? hash : `${hash}/${reason}`]);
    },
    async lifts() {
      return Object.entries(await redis.hgetall(keys.suppressionsToLift())).map(([mark, at]) => {
        const [addressHash = '', reason] = mark.split('/');
        return { addressHash, ...(reason && { reason: reason as SharedReason }), at: Number(at) };
      });
    },
    async *toTell() {
      for await (const page of redis.sscanStream(keys.suppressionsToTell(), { count: 1_000 })) yield page as string[];
    },
    async told(hash) {
      await redis.srem(keys.suppressionsToTell(), hash);
    },
    async now() {
      const [seconds, microseconds] = await redis.time();
      return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    },
    async lastRead() {
      const at = await redis.hget(keys.suppressionSync(), 'read');
      return at ? Number(at) : undefined;
    },
    async read(startedAt) {
      await read([keys.suppressionSync(), keys.suppressionsToLift()], [startedAt]);
    },
    async progress<Progress>(run: string) {
      const text = await redis.hget(keys.suppressionSync(), 'progress');
      const kept = text ? (JSON.parse(text) as { run: string; progress: Progress }) : undefined;
      return kept?.run === run ? kept.progress : undefined;
    },
    async keepProgress(run, progress) {
      await redis.hset(keys.suppressionSync(), 'progress', JSON.stringify({ run, progress }));
    },
  };
}
