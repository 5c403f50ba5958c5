import type { Slots } from '../slots.ts';

/** No limit: in a simulation the times of a journey are its own. */
export function createUnlimitedSlots(): Slots {
  return {
    take: async () => ({ kind: 'slot' }),
    park: async (_, atLeastMs) => atLeastMs,
  };
}
