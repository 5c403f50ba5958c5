import { connectPostgres, type Postgres } from '../../store/postgres/connect.ts';
import { postgresServer, transportOf } from '../../store/postgres/settings.ts';
import { pendingMigrations, schemaOutOfDate } from '../../store/postgres/pending-migrations.ts';
import { readServer, type ServerState, whyUnusable } from '../../store/postgres/server.ts';
import { createStops } from '../../store/postgres/stops.ts';
import type { Stops } from '../../store/stops.ts';
import { configFor } from '../config-for.ts';
import { serverAddress } from '../../runtime/server-address.ts';
import { ServerAway } from '../wrong-use.ts';
import { hint } from './hint.ts';

export interface FoundPostgres {
  postgres: Postgres;
  server: ServerState;
  address: string;
  transport: ReturnType<typeof transportOf>;
  close(): Promise<void>;
}

/** Postgres, and what it says about itself. */
export async function postgresFor(env: NodeJS.ProcessEnv): Promise<FoundPostgres> {
  const { environment } = configFor(env);
  const at = postgresServer(environment);
  const postgres = connectPostgres({ ...at, connections: 4, name: 'rivulet-cli' });
  const address = serverAddress(environment.POSTGRES_URL, 'POSTGRES_URL');
  try {
    const server = await readServer(postgres);
    return { postgres, address, server, transport: transportOf(at), close: () => postgres.close() };
  } catch (error) {
    await postgres.close();
    if (isOurs(error as Error)) throw new ServerAway((error as Error).message);
    const why = whyPostgresFails(error as NodeJS.ErrnoException);
    throw new ServerAway(`Postgres does not answer at ${address} (${why}). ${hint} Else set POSTGRES_URL.`);
  }
}

/** Whether the message already explains credentials or certificates: see store/postgres/connection.ts. */
function isOurs({ name, message }: Error): boolean {
  return name === 'CredentialsError' || message.startsWith('Postgres at ');
}

/** Never the error's own text, which may name a user or quote the URL. */
function whyPostgresFails({ code }: NodeJS.ErrnoException): string {
  const known: Record<string, string> = {
    '3D000': 'it has no such database',
    '53300': 'it has no connection left',
    '57P03': 'it is starting up',
  };
  return code === undefined ? 'no answer in time' : (known[code] ?? code);
}

/** Postgres with an up-to-date schema, for as long as `use` takes. */
export async function withPostgres<T>(env: NodeJS.ProcessEnv, use: (postgres: Postgres) => Promise<T>): Promise<T> {
  const { postgres, server, close } = await postgresFor(env);
  try {
    const why = whyUnusable(server);
    if (why !== undefined) throw new ServerAway(why);
    const pending = await pendingMigrations(postgres);
    if (pending.length > 0) throw new ServerAway(schemaOutOfDate(pending));
    return await use(postgres);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== '42501') throw error; // insufficient_privilege: its message names the table
    throw new ServerAway(
      `Postgres refuses this: ${message}. The user of POSTGRES_URL needs what deploy/postgres/roles.sql grants.`,
    );
  } finally {
    await close();
  }
}

/** Gates and pauses, for as long as `use` takes. */
export function withStops<T>(env: NodeJS.ProcessEnv, use: (stops: Stops) => Promise<T>): Promise<T> {
  return withPostgres(env, (postgres) => use(createStops(postgres)));
}
