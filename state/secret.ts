import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** Hashed in place of an address, so that a hash of it shows the secret's effect and nothing else. */
const nobody = 'nobody@invalid';

/**
 * Whether RIVULET_SECRET is the one with which this Redis was filled. Under another, every hash of an address is another:
 * no suppression would be found. True where nobody has said so far.
 */
export async function isSameSecret(redis: Redis, keys: Pick<Keys, 'secret' | 'addressHash'>): Promise<boolean> {
  const first = await redis.get(keys.secret());
  return first === null || first === keys.addressHash(nobody);
}

/** The same; the first process of all says which secret it is. */
export async function agreeOnSecret(redis: Redis, keys: Pick<Keys, 'secret' | 'addressHash'>): Promise<boolean> {
  await redis.setnx(keys.secret(), keys.addressHash(nobody));
  return isSameSecret(redis, keys);
}

export const otherSecret =
  'RIVULET_SECRET is not the one with which this Redis was filled: the hashes of addresses are others, and suppressions are not found';
