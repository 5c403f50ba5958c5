import type { Account, AllowedByProvider } from '../account.ts';

/** An account without a limit of its own: what the provider allows is recorded, and slows nothing down. */
export function createAccount(): Account {
  let allowed: AllowedByProvider | undefined;
  return {
    async allowed(limits) {
      allowed = limits;
    },
    async throttled() {},
    async quotaSpent() {},
    state: async () => ({ perSecond: Infinity, ...(allowed && { allowed }) }),
    readingIsDue: async () => false,
    readingTurn: async () => 0,
  };
}
