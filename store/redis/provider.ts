import type { ProviderState } from '../provider.ts';
import type { Redis } from './connect.ts';
import type { RedisKeys } from './keys.ts';
import { defineScript } from './scripts.ts';

/** Longer than any doubt waits for its first decision; after it a doubt is its own canary. */
const keepMs = 3_600_000;

/** Longer than one call to the provider takes. */
const canaryMs = 60_000;

const noteEveryMs = 1_000;

export function createProviderState(redis: Redis, keys: RedisKeys): ProviderState {
  const accepted = defineScript<number>(redis, 'provider-accepted.lua');
  let notedAt = -Infinity;
  return {
    async noteAccepted() {
      if (performance.now() - notedAt < noteEveryMs) return;
      notedAt = performance.now();
      await accepted([keys.accepted()], [keepMs]);
    },
    async acceptedAt() {
      const at = await redis.get(keys.accepted());
      return at === null ? undefined : Number(at);
    },
    async takeCanary(tag) {
      if ((await redis.set(keys.canary(), tag, 'PX', canaryMs, 'NX')) === 'OK') return true;
      return (await redis.get(keys.canary())) === tag;
    },
  };
}
