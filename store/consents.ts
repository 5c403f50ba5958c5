import { createHash } from 'node:crypto';

import type { ConsentBlock } from '../events/person.ts';

/** `pending`: asked for and not yet confirmed, which is no consent. */
export type ConsentState = 'granted' | 'revoked' | 'pending';

/** Every topic, including those added later. Only an opt-out can name it. */
export const everyTopic = '*';

/** One statement about one topic. Written once and never changed: the next statement is a record of its own. */
export interface ConsentRecord {
  /** The event, page or command that brought it, and the topic. */
  id: string;
  topic: string;
  channel: 'email';
  state: ConsentState;
  /** When the person said it, and when it arrived here by the store's clock; Unix ms. */
  captured_at: number;
  received_at: number;
  basis?: string;
  source?: string;
  /** Who entered it, when that was not the person. */
  actor?: string;
  /** SHA-256 of the text that was shown; the text is kept under it. */
  wording?: string;
  locale?: string;
  ip?: string;
  user_agent?: string;
  confirmed_at?: number;
  /**
   * Keyed hash of the address at which it was confirmed, or opted out. While the person has another one, a grant is no more than asked
   * for; an opt-out counts for whoever gets the address.
   */
  address_hash?: string;
  evidence?: string;
  incidental?: true;
  /** The record that was in force before. */
  supersedes?: string;
}

/** What a person states about some topics at once. */
export interface ConsentStatement {
  /** The same for every repetition, so that it is recorded once. */
  id: string;
  state: ConsentState;
  consent: ConsentBlock;
  /** When it was said if the consent block has no `captured_at`, Unix ms. */
  at: number;
  /** A grant that came beside something else and does not say when it was stated: it never undoes an opt-out. */
  incidental?: boolean;
  /** The keyed hash of the address that an opt-out or a grant with `confirmed_at` is about. Default: the person's own by then. */
  address?: string;
}

/** What people agreed to and revoked: a log that only grows, and the record in force for each topic. */
export interface Consents {
  /**
   * Appends to the log, once for each id and topic, and writes a fact for each record. Durable when it resolves. Creates
   * the person if nothing else is known of them, and changes the version that a claim compares when another record comes
   * into force.
   */
  record(userId: string, statement: ConsentStatement): Promise<void>;
  stateOf(userId: string, topic: string): Promise<ConsentState | 'none'>;
  /** Returns the record in force for each topic that was ever mentioned, `*` among them. */
  now(userId: string): Promise<Record<string, ConsentRecord>>;
  /** Returns the whole log, oldest first, with the texts that were shown in place of their hashes. */
  history(userId: string): Promise<ConsentRecord[]>;
  /** Returns the newest opt-out in force of each topic that anybody but this person has, or had, at an address with one of these hashes. */
  optedOutAt(addressHashes: readonly string[], userId: string): Promise<OptOut[]>;
  /**
   * Whether somebody may be asked to confirm: at one address, about one topic, by one event a day, unless the request before was
   * answered. A request that comes again gets the same answer. True for a person without an address.
   */
  mayAsk(userId: string, eventId: string, topics: readonly string[]): Promise<boolean>;
}

/** An opt-out in force. */
export type OptOut = Pick<ConsentRecord, 'id' | 'topic' | 'captured_at'>;

/** How long a request for confirmation stays the only one, in ms. */
export const oneRequestPerMs = 86_400_000;

/** What a record amounts to for somebody whose address has these hashes. Consent that was confirmed at another one has yet to be confirmed. */
export function heldAt<Each extends Pick<ConsentRecord, 'state' | 'address_hash'>>(
  record: Each,
  addresses: readonly string[],
): Each {
  const { state, address_hash: confirmedAt } = record;
  const isElsewhere = state === 'granted' && confirmedAt !== undefined && !addresses.includes(confirmedAt);
  return isElsewhere ? { ...record, state: 'pending' } : record;
}

/** What follows from the record in force for a topic and the one for all topics. */
export function inForce(about: Decisive | undefined, all: Decisive | undefined): ConsentState | 'none' {
  return decisive(about, all)?.state ?? 'none';
}

/** Which of the two it follows from: the later one, at the same instant the opt-out, which no incidental grant undoes. */
export function decisive<Each extends Decisive>(about: Each | undefined, all: Each | undefined): Each | undefined {
  if (all?.state !== 'revoked') return about;
  return about !== undefined && !about.incidental && about.captured_at > all.captured_at ? about : all;
}

/** `captured_at`: Unix ms. */
export interface Decisive extends Pick<ConsentRecord, 'state' | 'captured_at'> {
  incidental?: boolean;
  address_hash?: string | undefined;
}

/**
 * Returns which of the records about one topic is in force, whatever their order. The newest `captured_at` is, at the same
 * instant the opt-out. Asking for a confirmation (`pending`) takes nothing from a grant, and counts only if it is newer than
 * the last opt-out. An incidental grant counts only where there is neither an opt-out nor another grant, be it one confirmed elsewhere. Of two equal records the first one stays.
 */
export function recordInForce<Each extends Decisive>(records: readonly Each[]): Each | undefined {
  const revoked = newest(records, 'revoked');
  const pending = newest(records, 'pending');
  const stated = newest(
    records.filter(({ incidental }) => !incidental),
    'granted',
  );
  const lapsed = records.some(({ state, address_hash: at }) => state === 'pending' && at !== undefined);
  const granted = stated ?? (revoked || lapsed ? undefined : newest(records, 'granted'));
  if (granted && (!revoked || granted.captured_at > revoked.captured_at)) return granted;
  if (pending && (!revoked || pending.captured_at > revoked.captured_at)) return pending;
  return revoked;
}

/**
 * The record that stands for a topic, out of all records of a person. An opt-out of everything ends what was granted before it, so that
 * asking again counts; where it is the last word, the topic's own last record stands, and `inForce` sees that it has lost.
 */
export function recordFor<Each extends Decisive & Pick<ConsentRecord, 'topic'>>(
  topic: string,
  records: readonly Each[],
): Each | undefined {
  const own = records.filter((record) => record.topic === topic);
  const ofAll = records.filter((record) => record.topic === everyTopic && record.state === 'revoked');
  const decided = recordInForce([...own, ...ofAll]);
  return decided?.topic === topic ? decided : recordInForce(own);
}

function newest<Each extends Decisive>(records: readonly Each[], state: ConsentState): Each | undefined {
  let found: Each | undefined;
  for (const each of records) {
    if (each.state === state && (!found || each.captured_at > found.captured_at)) found = each;
  }
  return found;
}

/** What a statement changes: new records of the log, records that come into force, and the text that was shown. */
export interface ConsentChange {
  added: ConsentRecord[];
  inForce: ConsentRecord[];
  wording: { hash: string; text: string } | undefined;
}

/**
 * Works out what a statement changes. `logged`: records about its topics and about all topics, and of every topic if it is about all,
 * in the order of their arrival; at least the newest of each state, and those that have the ids of this statement. `addresses`:
 * keyed hashes of the person's address, the newest first.
 */
export function consentChange(
  logged: readonly ConsentRecord[],
  statement: ConsentStatement,
  receivedAt: number,
  addresses: readonly string[],
): ConsentChange {
  const known = logged.map((record) => heldAt(record, addresses));
  const { topics, captured_at = statement.at, wording: text, ...rest } = statement.consent;
  const wording = text ? { hash: createHash('sha256').update(text).digest('hex'), text } : undefined;
  const isOfAddress =
    statement.state === 'revoked' || (statement.state === 'granted' && rest.confirmed_at !== undefined);
  const address = isOfAddress ? (statement.address ?? addresses[0]) : undefined;
  const change: ConsentChange = { added: [], inForce: [], wording };
  for (const topic of new Set(topics)) {
    const id = recordId(statement, topic);
    const about = known.filter((record) => record.topic === topic);
    if (about.some((record) => record.id === id)) continue;
    const before = recordFor(topic, known);
    const record: ConsentRecord = {
      id,
      topic,
      channel: 'email',
      state: statement.state,
      captured_at,
      received_at: receivedAt,
      ...defined(rest),
      ...(statement.incidental && { incidental: true as const }),
      ...(address !== undefined && { address_hash: address }),
      ...(wording && { wording: wording.hash }),
      ...(before && { supersedes: before.id }),
    };
    change.added.push(record);
  }
  const records = [...known, ...change.added.map((record) => heldAt(record, addresses))];
  // As it was said: what it amounts to is worked out anew with each look, since the address may change.
  const asSaid = new Map([...logged, ...change.added].map((record) => [record.id, record]));
  const concerned = topics.includes(everyTopic) ? records.map(({ topic }) => topic) : topics;
  for (const topic of new Set(concerned)) {
    // Not always a new one: an opt-out from before the last request makes that request count again.
    const after = recordFor(topic, records);
    if (after && after !== recordFor(topic, known)) change.inForce.push(asSaid.get(after.id) ?? after);
  }
  return change;
}

function defined<Fields extends object>(fields: Fields) {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Field in keyof Fields]: Exclude<Fields[Field], undefined> };
}

export function recordId({ id }: Pick<ConsentStatement, 'id'>, topic: string): string {
  return `${id}/${topic}`;
}

const factOf = { granted: 'consent_granted', revoked: 'consent_revoked', pending: 'consent_requested' } as const;

/** One fact for each record. The source, which others write, stays in the log. */
export function consentFacts(userId: string, { id: event_id }: Pick<ConsentStatement, 'id'>, change: ConsentChange) {
  return change.added.map((record) => ({
    id: `consent/${userId}/${record.id}`,
    at: record.captured_at,
    what: factOf[record.state],
    user_id: userId,
    event_id,
    topic: record.topic,
    details: { in_force: change.inForce.includes(record) },
  }));
}
