import pg from 'pg';

import type { Statement } from './statement.ts';

/** Values of parameters. Times are `Date`; whole objects are passed through `JSON.stringify` by the caller. */
export type Value = string | number | boolean | Date | Buffer | readonly string[] | null;

/** Runs statements: on any connection, or inside one transaction. */
export interface Queries {
  /** Returns the rows. Throws what Postgres says (`code` is its SQLSTATE), or an error without a code when it did not answer in time. */
  query<Row extends object>(statement: Statement, values?: readonly Value[]): Promise<Row[]>;
}

/** The record's database. Every statement ends within `statementMs`, whatever Postgres does. */
export interface Postgres extends Queries {
  /** Commits when `work` resolves, else rolls back. Everything in it runs on one connection, one statement after another. */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /** Closes all connections once their statements have ended. */
  close(): Promise<void>;
}

/** How long one statement may take, in ms: longer means that Postgres is unavailable. */
const statementMs = 5_000;

/** How long a connection may take to open, and how long a caller waits for a free one, in ms. */
const connectMs = 3_000;

export interface ConnectOptions {
  /** `postgres://user:password@host:port/database`. */
  url: string;
  /** Connections at the same time. */
  connections?: number;
  /** Shown in pg_stat_activity. */
  name?: string;
  onError?: (error: Error) => void;
}

/**
 * Opens connections when they are needed and again when they break: while Postgres is unavailable every call rejects, and
 * the first one after that works again. Works through PgBouncer in transaction mode: no session state.
 */
export function connectPostgres({
  url,
  connections = 16,
  name = 'rivulet',
  onError = () => {},
}: ConnectOptions): Postgres {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max: connections,
    connectionTimeoutMillis: connectMs,
    query_timeout: statementMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: { getTypeParser: parserOf },
  });
  pool.on('error', onError); // an idle connection broke; the pool has dropped it
  // One that is in use: the statement under way rejects, but between two statements there is none, and the process would end.
  pool.on('connect', (client) => client.on('error', onError));

  async function withConnection<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let broken = true;
    try {
      const result = await use(client);
      broken = false;
      return result;
    } catch (error) {
      broken = !isAnswer(error);
      throw error;
    } finally {
      client.release(broken); // one whose answer is still to come must not get the next statement
    }
  }

  return {
    query: (statement, values = []) => withConnection((client) => run(client, statement, values)),
    transaction: (work) =>
      withConnection(async (client) => {
        await client.query('BEGIN');
        try {
          const result = await work({ query: (statement, values = []) => run(client, statement, values) });
          await client.query('COMMIT');
          return result;
        } catch (error) {
          if (isAnswer(error)) await client.query('ROLLBACK');
          throw error;
        }
      }),
    close: () => pool.end(),
  };
}

async function run<Row extends object>(
  client: pg.PoolClient,
  { name, text }: Statement,
  values: readonly Value[],
): Promise<Row[]> {
  const { rows } = await client.query<Row>({ name, text, values: [...values] });
  return rows;
}

/** Whether Postgres refused a statement and the connection can be used on: not for classes 08 and 57P, which end it. */
function isAnswer(error: unknown): boolean {
  const { code, severity } = error as { code?: string; severity?: string };
  return severity === 'ERROR' && code !== undefined && !code.startsWith('08') && !code.startsWith('57P');
}

/** OIDs of the types that are read in another way than the driver does by default. */
const [int8, date, timestamptz] = [20, 1_082, 1_184];

/** Whole numbers as numbers, times as Unix ms (`infinity` as Infinity), dates as text. */
const parserOf: typeof pg.types.getTypeParser = (type, format) => {
  const oid: number = type;
  switch (oid) {
    case int8:
      return Number;
    case timestamptz:
      return unixMs;
    case date:
      return String;
    default:
      return pg.types.getTypeParser(type, format);
  }
};

function unixMs(text: string): number {
  return text === 'infinity' ? Infinity : Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
}
