import type { Queries } from './connect.ts';
import { statement } from './statement.ts';

const state = statement(import.meta.url, 'server-state.sql');

/** The oldest version of Postgres that is supported. */
const oldest = 15;

export interface ServerState {
  /** Such as 150018. */
  version: number;
  standby: boolean;
  read_only: boolean;
  fsync: boolean;
  synchronous_commit: string;
  synchronous_standby_names: string;
  /** Standbys that follow this server now. */
  standbys: number;
  connections_allowed: number;
  connections_used: number;
  database_bytes: number;
  /** Names of all partitions. */
  partitions: string[];
  /** The server's clock, Unix ms. */
  now: number;
}

export async function readServer(queries: Queries): Promise<ServerState> {
  const [found] = await queries.query<ServerState>(state);
  if (!found) throw new Error('Postgres returned nothing about itself');
  return found;
}

/** Why this server cannot keep the record, as a sentence; undefined when it can. */
export function whyUnusable({ version, standby, read_only }: ServerState): string | undefined {
  const major = Math.floor(version / 10_000);
  if (major < oldest) return `This is Postgres ${major}; Rivulet needs ${oldest} or newer.`;
  if (standby) return 'This Postgres is a standby: it takes no writes. Point POSTGRES_URL at the primary server.';
  if (read_only)
    return 'This user writes nothing (default_transaction_read_only is on), so nothing can be sent. Connect as rivulet_app; if it is on for the whole server, set it to off.';
  return undefined;
}

/** Rejects while Postgres is unavailable, or answers but takes no writes. */
export async function takesWrites(queries: Queries): Promise<void> {
  const why = whyUnusable(await readServer(queries));
  if (why !== undefined) throw new Error(why);
}
