import { envelope } from '../../events/envelope.ts';
import { consent } from '../../events/person.ts';
import { type ConsentState, type ConsentStatement, everyTopic } from '../../store/consents.ts';
import type { Columns } from '../imports/columns.ts';
import type { Saying } from '../imports/forecast.ts';
import type { ReadRow } from '../imports/import-rows.ts';
import { instant, isFuture } from '../imports/instant.ts';
import { statementId } from '../imports/statement-id.ts';
import type { Refusal } from '../imports/tally.ts';
import { topicsIn } from '../imports/topics.ts';
import { agreementIn } from './agreement.ts';
import { contactIn } from './contact.ts';
import type { PersonField } from './fields.ts';

/** What a row says about a person. */
export interface Entry extends Saying {
  user: string;
}

/** What applies to every row of an import. */
export interface RowSettings {
  /** Unix ms. */
  now: number;
  /** For rows that name no topic, no source or no time (Unix ms). */
  topics: readonly string[];
  source: string;
  time: number | undefined;
}

type Cell = (field: PersonField) => string;

/** Reads one row: a contact, and a consent if it names one, or why it is refused. */
export function readEntry(
  columns: Columns<PersonField>,
  cells: readonly string[],
  settings: RowSettings,
): ReadRow<Entry> | Refusal {
  const cell: Cell = (field) => columns.cell(cells, field);
  const user = envelope.shape.user_id.safeParse(cell('user_id'));
  if (!user.success) return { refused: 'invalid user id', text: cell('user_id') };
  const who = contactIn(cell);
  if (!who) return { refused: 'not an address', text: cell('email') };
  const state = stateIn(cell, settings);
  if (typeof state === 'object') return state;
  const time = timeIn(cell, state, settings);
  if (typeof time === 'object') return time;
  const said = state && statementIn(cell, { user: user.data, state, time }, settings);
  if (said && 'refused' in said) return said;
  // A contact without a time fills in what is not known, and replaces nothing that an event has said.
  const at = Math.min(time ?? 0, settings.now);
  const entry = { user: user.data, contact: who.contact, at, statement: said };
  return { entry, leftOut: who.leftOut };
}

/** Undefined when the row states no consent. */
function stateIn(cell: Cell, { topics }: RowSettings): ConsentState | Refusal | undefined {
  const stated = agreementIn(cell);
  if (stated === 'none') return undefined;
  const namesTopic = cell('topics') !== '' || topics.length > 0;
  // A state may be about something else than marketing as long as no topic is named; an opt-out counts always.
  if (stated === undefined) return namesTopic ? 'granted' : undefined;
  if (typeof stated === 'object' || stated === 'revoked') return stated;
  return namesTopic ? stated : undefined;
}

/** Unix ms; undefined when the row has no time. An opt-out is not dated by when its person was created. */
function timeIn(cell: Cell, state: ConsentState | undefined, { now, time }: RowSettings): number | undefined | Refusal {
  const fields =
    state === 'revoked' ? (['captured_at', 'unsubscribed_at'] as const) : (['captured_at', 'confirmed_at'] as const);
  for (const field of fields) {
    const text = cell(field);
    const at = instant(text);
    if (at === undefined || (at !== 'none' && isFuture(at, now))) return { refused: 'bad date', text };
    if (at !== 'none') return at;
  }
  return time;
}

interface Said {
  user: string;
  state: ConsentState;
  time: number | undefined;
}

/** The schema of events decides what is valid. */
function statementIn(
  cell: Cell,
  { user, state, time }: Said,
  { now, topics: forAll, source: sourceForAll }: RowSettings,
): ConsentStatement | Refusal {
  const named = topicsIn(cell('topics'));
  const topics = named.length > 0 ? named : [...forAll];
  if (topics.length === 0) topics.push(everyTopic);
  if (state !== 'revoked' && topics.includes(everyTopic))
    return { refused: 'consent to every topic', text: everyTopic };
  if (state !== 'revoked' && time === undefined) return { refused: 'no captured_at or --time', text: '' };
  const source = cell('source') || sourceForAll;
  // A clock that is ahead must not let a consent win over opt-outs to come. The id is that of the row all the same.
  const captured = time === undefined ? {} : { captured_at: Math.min(time, now) };
  const block = consent.safeParse({ topics, source, ...captured });
  if (!block.success) {
    const [field] = block.error.issues[0]?.path ?? [];
    return field === 'captured_at'
      ? { refused: 'bad date', text: cell('captured_at') || cell('confirmed_at') }
      : { refused: `invalid ${field === 'topics' ? 'topics' : 'source'}`, text: '' };
  }
  const id = statementId([user, state, topics.toSorted(), source, time ?? null]);
  return { id, state, consent: block.data, at: time ?? now };
}
