import { createHash } from 'node:crypto';

import pg from 'pg';

import { connectionTo } from './connection.ts';
import { connectionSettings, type PostgresServer } from './settings.ts';
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

export interface ConnectOptions extends PostgresServer {
  /** Connections at the same time. */
  connections?: number;
  /** Shown in pg_stat_activity. */
  name?: string;
  onError?: (error: Error) => void;
}

/**
 * Opens connections when they are needed and again when they break: while Postgres is unavailable every call rejects, and
 * the first one after that works again. Works through PgBouncer in transaction mode: no session state, and where the pooler
 * loses prepared statements, none of those either. Throws a CredentialsError for settings that cannot be used.
 */
export function connectPostgres({
  connections = 16,
  name = 'rivulet',
  onError = () => {},
  ...server
}: ConnectOptions): Postgres {
  connectionSettings(server);
  const pool = new pg.Pool({
    Client: connectionTo(server, {
      application_name: name,
      query_timeout: statementMs,
      keepAlive: true,
      types: { getTypeParser: parserOf },
    }),
    max: connections,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 30_000,
  });
  let prepares = true;
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

  async function run<Row extends object>(
    client: pg.PoolClient,
    { name: statement, text }: Statement,
    values: readonly Value[],
  ): Promise<Row[]> {
    try {
      const { rows } = await client.query<Row>({
        ...(prepares && { name: preparedName(statement, text) }),
        text,
        values: [...values],
      });
      return rows;
    } catch (error) {
      // It was not executed. A statement of its own can be sent again; a transaction is over.
      if (prepares && isLostByPooler(error)) {
        prepares = false;
        onError(error as Error);
      }
      throw error;
    }
  }

  return {
    query: (statement, values = []) =>
      withConnection((client) =>
        run<never>(client, statement, values).catch((error: unknown) => {
          if (!isLostByPooler(error)) throw error;
          return run<never>(client, statement, values);
        }),
      ),
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

/** With a hash of the text: behind a pooler, another version of this software may have prepared its own under the same name. */
function preparedName(name: string, text: string): string {
  let full = preparedNames.get(text);
  if (full === undefined) {
    full = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
    preparedNames.set(text, full);
  }
  return full;
}

/** By their text; as many as there are statements. */
const preparedNames = new Map<string, string>();

/** A pooler in transaction mode has sent the statement to another server connection than the one that prepared it. */
function isLostByPooler(error: unknown): boolean {
  return ['26000', '42P05'].includes((error as { code?: string }).code ?? '');
}

/**
 * Whether Postgres refused a statement and the connection can be used on: not for classes 08 and 57P, which end it, and not for a
 * server that takes no writes, since the primary may be at another address by now.
 */
function isAnswer(error: unknown): boolean {
  const { code, severity } = error as { code?: string; severity?: string };
  return severity === 'ERROR' && code !== undefined && !/^(08|57P|25006$)/.test(code);
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
