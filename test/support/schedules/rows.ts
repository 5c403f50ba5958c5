import { messageKey, messageTag } from '../../../store/message-key.ts';
import { statement } from '../../../store/postgres/statement.ts';
import type { SendRecord } from '../../../store/sends.ts';

/** What the rows of a schedule are called. */
export interface Names {
  id: string;
  user: string;
  addressHash: string;
  eventId: string;
  tag: string;
  journey: string;
  pause: string;
}

export const template = 'reminder';

/** Names in the state of a schedule: the same in every one. */
export const names: Names = {
  id: '‹id›',
  user: 'user-‹id›',
  addressHash: 'hash-‹id›',
  eventId: 'event-‹id›',
  tag: messageTag(messageKey('event-‹id›', template)),
  journey: 'journey-‹id›',
  pause: 'pause/journey:journey-‹id›',
};

/** The rows of one schedule. `age`: the time since `claimed_at`, in whole hours. */
export interface Rows {
  person: object[];
  address: object[];
  consent: object[];
  suppression: object[];
  send: SendRow[];
  fact: { id: string; what: string; details: Record<string, unknown> }[];
  stop: object[];
}

export interface SendRow {
  state: SendRecord['state'];
  claim: string;
  age: number;
  repeats: number;
  provider_id: string | null;
  /** `since`: for how long, in whole hours. */
  doubt: { since: number; class: string; why: string; decision?: string } | null;
}

const someTime = '2026-01-01T00:00:00Z';

/** A person who agreed, and an email that no attempt has claimed yet. */
export function rowsBefore(): Rows {
  const { user: user_id, addressHash: address_hash } = names;
  return {
    person: [
      { user_id, version: 1, email: `${user_id}@example.com`, address_hash, said_at: {}, recorded_at: someTime },
    ],
    address: [{ hash: address_hash, version: 0, streak: 0 }],
    consent: [
      { user_id, topic: 'offers', state: 'granted', captured_at: someTime, incidental: false, record: 'sign-up' },
    ],
    suppression: [],
    send: [],
    fact: [],
    stop: [],
  };
}

/** The same after an attempt some hours ago that died with its claim, or gave it back; perhaps another has noted its doubt. */
export function rowsAfter(
  state: 'claimed' | 'released',
  { hoursAgo, inDoubtFor }: { hoursAgo: number; inDoubtFor?: number },
): Rows {
  const { tag, eventId, user: user_id, journey } = names;
  const send = {
    tag,
    month: `${new Date().toISOString().slice(0, 7)}-01`,
    message_key: messageKey(eventId, template),
    user_id,
    journey,
    template,
    template_version: 'v1',
    topic: 'offers',
    state,
    claim: 'earlier',
    age: hoursAgo,
    failures: 0,
    repeats: 0,
    reported: false,
    provider_id: null,
    detail: null,
    doubt: null,
  };
  if (inDoubtFor === undefined) return { ...rowsBefore(), send: [send] };
  const doubt = { since: inDoubtFor, class: 'marketing', why: 'the answer of an attempt was lost' };
  const [at, month] = [someTime, send.month];
  const fact = { id: `in_doubt/${tag}/earlier`, what: 'in_doubt', at, user_id, tag, details: {}, month };
  return { ...rowsBefore(), send: [{ ...send, doubt }], fact: [fact] };
}

const ofTheStore = (file: string) => statement(new URL('../../../store/postgres/', import.meta.url).href, file);
const revoked = [{ id: 'opt-out', topic: 'offers', state: 'revoked', captured_at: someTime, incidental: false }];
const complaint = [{ scope: 'all', since: someTime, source: 'feedback', to_report: false }];

/** What happens around the send protocol: for what stops email, the statements that the stores of it write with. */
export const around = {
  time: (hours: number) => ({ statement: statement(import.meta.url, 'rows-age.sql'), values: [names.tag, hours] }),
  optOut: {
    statement: ofTheStore('consents-record.sql'),
    values: [names.user, '[]', JSON.stringify(revoked), null, null],
  },
  suppression: {
    statement: ofTheStore('suppressions-write.sql'),
    values: [names.addressHash, 'complaint', JSON.stringify(complaint)],
  },
  pause: { statement: ofTheStore('stops-put.sql'), values: [names.pause, new Date(someTime), null, null] },
  resume: { statement: ofTheStore('stops-remove.sql'), values: [names.pause] },
} as const;
