import { randomUUID } from 'node:crypto';

import { messageKey, messageTag } from '../../../store/message-key.ts';
import type { Postgres, Queries, Value } from '../../../store/postgres/connect.ts';
import { type Statement, statement } from '../../../store/postgres/statement.ts';
import { type Names, names as placeholders, type Rows, template } from './rows.ts';

/** The rows of one schedule, as text and read. Equal rows are the same object. */
export interface State {
  /** Short, and one for each text. */
  id: number;
  text: string;
  rows: Rows;
}

/** What statements do to the rows of a schedule. */
export interface Effects {
  stateOf(rows: Rows): State;
  run(before: State, statement: Statement, values: readonly Value[]): Promise<Effect>;
  /** Statements that were run against Postgres so far. */
  readonly executed: number;
}

export interface Effect {
  after: State;
  returned: object[];
  /** What an attempt learns from it, as text: ages are hours. */
  observed: string;
}

const sql = {
  read: statement(import.meta.url, 'rows-read.sql'),
  restore: statement(import.meta.url, 'rows-restore.sql'),
};

/**
 * A statement is run against Postgres once for each state of the rows in which any schedule runs it with these values: what it
 * does and returns depends on nothing else, for the clock is part of the state, in hours. Each time it gets rows of its own,
 * under names that no other schedule has.
 */
export function createEffects(postgres: Postgres): Effects {
  const states = new Map<string, State>();
  const effects = new Map<string, Promise<Effect>>();
  let executed = 0;

  function intern(text: string): State {
    const known = states.get(text);
    if (known) return known;
    const state = { id: states.size, text, rows: JSON.parse(text) as Rows };
    states.set(text, state);
    return state;
  }

  async function execute(before: State, statement: Statement, values: readonly Value[]): Promise<Effect> {
    executed += 1;
    const rows = await placeRows(postgres, before.text);
    const returned = await rows.over(postgres).query(statement, values);
    const observed = JSON.stringify(returned, inHours);
    return { after: intern(await rows.read()), returned, observed };
  }

  return {
    stateOf: (rows) => intern(JSON.stringify(rows)),
    run(before, statement, values) {
      const key = `${before.id} ${statement.name} ${JSON.stringify(values)}`;
      let effect = effects.get(key);
      if (!effect) effects.set(key, (effect = execute(before, statement, values)));
      return effect;
    },
    get executed() {
      return executed;
    },
  };
}

/** Rows in the database, under names of their own. */
export interface PlacedRows {
  /** Runs statements on them, which may know them by the names that all schedules use. */
  over(queries: Queries): Queries;
  read(): Promise<string>;
}

export async function placeRows(postgres: Postgres, text: string): Promise<PlacedRows> {
  const own = newNames();
  await postgres.query(sql.restore, [rename(text, placeholders, own)]);
  return {
    over: (queries) => ({
      async query<Row extends object>(statement: Statement, values: readonly Value[] = []) {
        const returned = await queries.query(
          statement,
          values.map((value) => renameValue(value, own)),
        );
        return JSON.parse(rename(JSON.stringify(returned), own, placeholders)) as Row[];
      },
    }),
    async read() {
      const [row] = await postgres.query<{ rows: string }>(sql.read, [own.tag, own.user, own.addressHash, own.pause]);
      return rename(row!.rows, own, placeholders);
    },
  };
}

function newNames(): Names {
  const id = randomUUID();
  return {
    id,
    user: `user-${id}`,
    addressHash: `hash-${id}`,
    eventId: `event-${id}`,
    tag: messageTag(messageKey(`event-${id}`, template)),
    journey: `journey-${id}`,
    pause: `pause/journey:journey-${id}`,
  };
}

const rename = (text: string, from: Names, to: Names) => text.replaceAll(from.id, to.id).replaceAll(from.tag, to.tag);

function renameValue(value: Value, to: Names): Value {
  if (typeof value === 'string') return rename(value, placeholders, to);
  if (Array.isArray(value)) return (value as readonly string[]).map((each) => rename(each, placeholders, to));
  return value;
}

function inHours(key: string, value: unknown): unknown {
  if (key === 'age_ms') return Math.floor(Number(value) / 3_600_000);
  return key === 'dispatched_at' ? undefined : value;
}

export interface CurrentState {
  current: State;
  /** What the last statement returned. */
  observed: string;
}

/** Runs statements on the rows that `state` holds, and puts what they leave there. */
export function queriesOn(effects: Effects, state: CurrentState): Queries {
  return {
    async query<Row extends object>(statement: Statement, values: readonly Value[] = []) {
      const { after, returned, observed } = await effects.run(state.current, statement, values);
      state.current = after;
      state.observed = observed;
      return returned as Row[];
    },
  };
}
