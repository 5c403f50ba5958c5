import type { RunningJourney, RunningJourneys } from '../running.ts';
import type { Postgres } from './connect.ts';
import { statement } from './statement.ts';

const sql = {
  register: statement(import.meta.url, 'running-register.sql'),
  of: statement(import.meta.url, 'running-of.sql'),
  listening: statement(import.meta.url, 'running-listening.sql'),
  forget: statement(import.meta.url, 'running-forget.sql'),
  forgetEnded: statement(import.meta.url, 'running-forget-ended.sql'),
  stale: statement(import.meta.url, 'running-stale.sql'),
};

interface Row {
  user_id: string;
  workflow_id: string;
  journey: string;
  listens_for: string[];
  topic: string | null;
  transactional: boolean;
  since: number;
  registered_at: number;
}

export function createRunningJourneys(postgres: Postgres): RunningJourneys {
  return {
    async register(userId, { workflowId, journey, listensFor, topic, transactional, since, registeredAt }) {
      await postgres.query(sql.register, [
        userId,
        workflowId,
        journey,
        [...listensFor],
        topic ?? null,
        transactional ?? false,
        new Date(since),
        new Date(registeredAt),
      ]);
    },
    of: async (userId) => (await postgres.query<Row>(sql.of, [userId])).map(toJourney),
    async listening(userId, eventType, happenedAt) {
      const rows = await postgres.query<Row>(sql.listening, [userId, eventType, new Date(happenedAt)]);
      return rows.map(toJourney);
    },
    async forgetEnded(ended) {
      const [users, workflowIds] = [ended.map(({ userId }) => userId), ended.map(({ workflowId }) => workflowId)];
      return (await postgres.query(sql.forgetEnded, [users, workflowIds])).length;
    },
    async forget(userId, workflowId) {
      await postgres.query(sql.forget, [userId, workflowId]);
    },
    async stale(olderThanMs, limit) {
      const rows = await postgres.query<Row>(sql.stale, [olderThanMs, limit]);
      return rows.map((row) => ({ userId: row.user_id, ...toJourney(row) }));
    },
  };
}

function toJourney(row: Row): RunningJourney {
  return {
    workflowId: row.workflow_id,
    journey: row.journey,
    listensFor: row.listens_for,
    ...(row.topic !== null && { topic: row.topic }),
    ...(row.transactional && { transactional: true }),
    since: row.since,
    registeredAt: row.registered_at,
  };
}
