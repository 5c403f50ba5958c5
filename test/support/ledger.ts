import { randomUUID } from 'node:crypto';

import { createAccount } from '../../state/account.ts';
import { createKeys, messageTag } from '../../state/keys.ts';
import type { Terms } from '../../state/rates.ts';
import type { Redis } from '../../state/redis.ts';
import { createSends } from '../../state/sends.ts';
import { createStops } from '../../state/stops.ts';

const secret = 'ab'.repeat(32);
export const options = { rememberMs: 60_000, perSecond: 100_000, quotaReserve: 0.1 };

/** A ledger of mails, with stops, a feed and an account of its own. */
export function ledger(redis: Redis, perSecond = options.perSecond) {
  const keys = createKeys(`ledger-test-${randomUUID()}:`, secret);
  return {
    keys,
    sends: createSends(redis, keys, { ...options, perSecond }),
    stops: createStops(redis, keys),
    account: createAccount(redis, keys, perSecond),
  };
}

/** A mail that no ledger knows yet. */
export const mail = () => messageTag(randomUUID());

/** Nothing stops it. */
export const free: Terms = { lane: 'transactional', since: 1, stops: [] };
