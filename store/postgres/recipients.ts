import { type Recipients, type RecipientState, rememberMs, streakOf } from '../recipients.ts';
import type { Queries } from './connect.ts';
import { statement } from './statement.ts';

const sql = {
  recall: statement(import.meta.url, 'recipients-recall.sql'),
  remember: statement(import.meta.url, 'recipients-remember.sql'),
};

export function createRecipients(postgres: Queries): Recipients {
  const recall = async (hash: string) =>
    (await postgres.query<{ recipient: RecipientState; streak: number }>(sql.recall, [hash, rememberMs]))[0];
  return {
    recall: async (hash) => (await recall(hash))?.recipient,
    async remember(hash, state) {
      await postgres.query(sql.remember, [hash, JSON.stringify(state), streakOf(state)]);
    },
    hasStreak: async (hash) => ((await recall(hash))?.streak ?? 0) > 0,
  };
}
