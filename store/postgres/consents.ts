import {
  consentChange,
  consentFacts,
  type ConsentRecord,
  type Consents,
  type Decisive,
  everyTopic,
  inForce,
  type OptOut,
  recordId,
} from '../consents.ts';
import type { Postgres } from './connect.ts';
import { recordFacts } from './facts.ts';
import { statement } from './statement.ts';
import { storable } from './storable.ts';

const sql = {
  lock: statement(import.meta.url, 'consents-lock.sql'),
  optedOutAt: statement(import.meta.url, 'consents-opted-out-at.sql'),
  mayAsk: statement(import.meta.url, 'consents-may-ask.sql'),
  known: statement(import.meta.url, 'consents-known.sql'),
  record: statement(import.meta.url, 'consents-record.sql'),
  state: statement(import.meta.url, 'consents-state.sql'),
  now: statement(import.meta.url, 'consents-now.sql'),
  history: statement(import.meta.url, 'consents-history.sql'),
};

type Details = Omit<ConsentRecord, 'id' | 'topic' | 'channel' | 'state' | 'captured_at' | 'received_at'>;
type RecordRow = Pick<ConsentRecord, 'id' | 'topic' | 'state' | 'captured_at' | 'received_at'> & { details: Details };
type StateRow = { topic: string } & Decisive;

export function createConsents(postgres: Postgres): Consents {
  return {
    async record(userId, saidBy) {
      const said = storable(saidBy);
      const { topics } = said.consent;
      if (topics.length === 0) return;
      await postgres.transaction(async (queries) => {
        const [person] = await queries.query<{ addresses: string[] }>(sql.lock, [userId]);
        const ids = topics.map((topic) => recordId(said, topic));
        const known = (await queries.query<RecordRow>(sql.known, [userId, topics, ids])).map(recordOf);
        const change = consentChange(known, said, Date.now(), person?.addresses ?? []); // the statement that writes puts in the database's time
        if (change.added.length === 0) return;
        const { hash = null, text = null } = change.wording ?? {};
        const [added, decided] = [change.added, change.inForce].map((records) => JSON.stringify(records.map(rowOf)));
        await queries.query(sql.record, [userId, added!, decided!, hash, text]);
        await recordFacts(queries, consentFacts(userId, said, change));
      });
    },
    async stateOf(userId, topic) {
      const rows = await postgres.query<StateRow>(sql.state, [userId, topic]);
      const of = (name: string) => rows.find((row) => row.topic === name);
      return inForce(of(topic), of(everyTopic));
    },
    async now(userId) {
      const rows = await postgres.query<RecordRow>(sql.now, [userId]);
      return Object.fromEntries(rows.map((row) => [row.topic, recordOf(row)]));
    },
    async history(userId) {
      const rows = await postgres.query<RecordRow & { wording: string | null }>(sql.history, [userId]);
      return rows.map(({ wording, ...row }) => ({ ...recordOf(row), ...(wording !== null && { wording }) }));
    },
    optedOutAt: (addressHashes, userId) => postgres.query<OptOut>(sql.optedOutAt, [[...addressHashes], userId]),
    async mayAsk(userId, eventId, topics) {
      const [row] = await postgres.query<{ may: boolean }>(sql.mayAsk, [userId, eventId, [...topics]]);
      return row?.may ?? true;
    },
  };
}

function recordOf({ id, topic, state, captured_at, received_at, details }: RecordRow): ConsentRecord {
  return { id, topic, channel: 'email', state, captured_at, received_at, ...details };
}

function rowOf(record: ConsentRecord) {
  const { id, topic, state, captured_at, channel: _, received_at: __, ...details } = record;
  return { id, topic, state, captured_at: new Date(captured_at), incidental: record.incidental ?? false, details };
}
