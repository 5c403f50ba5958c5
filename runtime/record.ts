import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { CredentialsError } from '../store/credentials-error.ts';
import { isRefused } from '../store/postgres/connection.ts';
import type { Postgres } from '../store/postgres/connect.ts';
import { whyUntrusted } from '../store/tls-failure.ts';
import { createInstallation } from '../store/postgres/installation.ts';
import { migrate } from '../store/postgres/migrate.ts';
import type { Retention } from '../store/postgres/partitions.ts';
import { pendingMigrations, schemaOutOfDate } from '../store/postgres/pending-migrations.ts';
import { readPrivileges, whyNotPermitted } from '../store/postgres/privileges.ts';
import { readServer, whyUnusable } from '../store/postgres/server.ts';
import { migrationServer, type PostgresServer } from '../store/postgres/settings.ts';
import type { Secrets } from '../store/secret.ts';
import type { Logger } from './log.ts';
import { StartError } from './stop-signal.ts';
import { untilAvailable } from './until-available.ts';

export interface RecordSettings {
  /** Connects as the user who may change the schema. */
  server: PostgresServer;
  secrets: Secrets;
  retention: Retention;
  /** Whether this process may change the schema. */
  provision: boolean;
}

/** What the configuration says about the record. */
export function recordSettings(config: Config, environment: Environment, provision: boolean): RecordSettings {
  const { RIVULET_SECRET: secret, RIVULET_SECRET_PREVIOUS: previous } = environment;
  const { provider, decisions, queues } = config;
  return {
    server: migrationServer(environment),
    provision,
    secrets: { secret, previous },
    retention: {
      sendsMs: provider.remember_sends,
      // An event that comes again while it is in the stream must find its answer.
      eventsMs: Math.max(decisions.remember, queues.marketing_events.max_age),
    },
  };
}

/**
 * Waits as long as it takes until Postgres answers and takes writes; then brings the schema up to date and checks that the
 * secret is the installation's. Throws a StartError when it is not, when the schema is out of date and must not be changed, when
 * Postgres refuses the credentials at the first attempt, and when its user lacks a privilege.
 */
export function openRecord(postgres: Postgres, settings: RecordSettings, log: Pick<Logger, 'warn'>): Promise<void> {
  let wasAdmitted = false;
  const open = async () => {
    await refuseUnusable(postgres).catch((error: unknown) => {
      // Credentials that worked before may be mid-rotation.
      throw isWrong(error) && !wasAdmitted ? new StartError((error as Error).message) : error;
    });
    wasAdmitted = true;
    await bringUpToDate(postgres, settings);
    await refuseMissingPrivileges(postgres);
    await refuseOtherSecret(postgres, settings.secrets);
  };
  return untilAvailable('postgres', open, log);
}

/** Credentials or certificates that waiting does not mend. */
function isWrong(error: unknown): boolean {
  if (isRefused(error) || error instanceof CredentialsError) return true;
  const { cause } = error as Error;
  return cause instanceof Error && whyUntrusted(cause, '') !== undefined;
}

/** A server that takes no writes may do so after a failover; one that is too old never will. */
async function refuseUnusable(postgres: Postgres): Promise<void> {
  const server = await readServer(postgres);
  const why = whyUnusable(server);
  if (why !== undefined) throw server.standby || server.read_only ? new Error(why) : new StartError(why);
}

async function bringUpToDate(postgres: Postgres, { server, retention, provision }: RecordSettings): Promise<void> {
  if (provision) {
    return migrate(server, retention).catch((error: unknown) => {
      // The owner's credentials are used for the first time: nothing says that they ever worked.
      throw isWrong(error) ? new StartError((error as Error).message) : error;
    });
  }
  const pending = await pendingMigrations(postgres);
  if (pending.length > 0) throw new StartError(schemaOutOfDate(pending));
}

async function refuseMissingPrivileges(postgres: Postgres): Promise<void> {
  const why = whyNotPermitted(await readPrivileges(postgres));
  if (why !== undefined) throw new StartError(why);
}

async function refuseOtherSecret(postgres: Postgres, secrets: Secrets): Promise<void> {
  const why = await createInstallation(postgres).agree(secrets);
  if (why !== undefined) throw new StartError(why);
}
