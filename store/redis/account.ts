import type { Account } from '../account.ts';
import type { Redis } from './connect.ts';
import type { RedisKeys } from './keys.ts';
import { defineScript } from './scripts.ts';

/** SES takes one reading call a second; a little more, since calls do not travel equally fast. */
const readingEveryMs = 1_100;

/** How soon another reading is tried while none has succeeded. */
const unreadEveryMs = 5_000;

/** What was read or refused says nothing about the account a day later. */
const keepMs = 86_400_000;

/** `perSecond`: the configured rate. */
export function createAccount(redis: Redis, keys: RedisKeys, perSecond: number): Account {
  const key = keys.account();
  const allowed = defineScript<number>(redis, 'account-allowed.lua');
  const throttled = defineScript<number>(redis, 'account-throttled.lua');
  const quotaSpent = defineScript<number>(redis, 'account-quota-spent.lua');
  const state = defineScript<string[]>(redis, 'account-state.lua');
  const turn = defineScript<number>(redis, 'account-turn.lua');
  return {
    async allowed({ maxPerSecond, max24Hours, sent24Hours }) {
      await allowed([key], [maxPerSecond, max24Hours, sent24Hours, keepMs]);
    },
    async throttled() {
      await throttled([key], [keepMs]);
    },
    async quotaSpent(forMs) {
      await quotaSpent([key], [Math.ceil(forMs), keepMs]);
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
    readingIsDue: async (everyMs) =>
      (await turn([keys.turn('account'), key], [everyMs, Math.min(everyMs, unreadEveryMs)])) === 0,
    readingTurn: () => turn([keys.turn('reading'), key], [readingEveryMs, readingEveryMs]),
  };
}
