import { type Recipients, rememberMs, streakOf } from '../recipients.ts';
import { addressIn, type MemoryRecord } from './record.ts';

export function createRecipients(record: MemoryRecord): Recipients {
  const recall = (hash: string) => {
    const known = record.addresses.get(hash)?.recipient;
    return known && known.at > record.now() - rememberMs ? known.state : undefined;
  };
  return {
    recall: async (hash) => recall(hash),
    async remember(hash, state) {
      addressIn(record, hash).recipient = { state: structuredClone(state), at: record.now() };
    },
    async hasStreak(hash) {
      const state = recall(hash);
      return state !== undefined && streakOf(state) > 0;
    },
  };
}
