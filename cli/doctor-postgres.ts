import { withConnection } from '../store/postgres/connection.ts';
import { createInstallation } from '../store/postgres/installation.ts';
import { pendingMigrations, schemaOutOfDate } from '../store/postgres/pending-migrations.ts';
import { missingPartitions } from '../store/postgres/partitions.ts';
import { type Privileges, readPrivileges, whyNotPermitted } from '../store/postgres/privileges.ts';
import { type ServerState, whyUnusable } from '../store/postgres/server.ts';
import { migrationServer } from '../store/postgres/settings.ts';
import { createStops } from '../store/postgres/stops.ts';
import type { Stops } from '../store/stops.ts';
import { environmentSchema } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { configFor } from './config-for.ts';
import { type FoundPostgres, postgresFor } from './connect/postgres.ts';
import { isLoopback } from './doctor-feedback.ts';
import { type Finding, unlessItFails } from './doctor-finding.ts';
import { lookAtRecordedWork } from './doctor-work.ts';
import { howItOpens, when } from './gate.ts';
import { resumeCommand } from './pause.ts';

const about = 'Postgres';

/** The record: whether Postgres can keep it, how safe what it acknowledges is, the gates and pauses in it, and what waits in it. */
export function lookAtPostgres(env: NodeJS.ProcessEnv, config: Config): Promise<Finding[]> {
  return unlessItFails(about, async () => {
    const found = await postgresFor(env);
    try {
      const why = whyUnusable(found.server);
      if (why !== undefined) return [{ level: 'wrong', about, says: why }];
      const { version, database_bytes: bytes } = found.server;
      const says = `version ${Math.floor(version / 10_000)} answers at ${found.address}; the database has ${size(bytes)}`;
      return [
        { level: 'ok', about, says },
        ...judgeTransport(found.transport),
        ...judgeDurability(found.server),
        judgeConnections(found.server),
        ...(await lookAtSchema(env, config, found)),
        ...(await lookAtOwner(env)),
      ];
    } finally {
      await found.close();
    }
  });
}

/** Whether the owner of the schema can log in: the next process to start needs it for migrations. */
async function lookAtOwner(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { environment } = configFor(env);
  if (environment.POSTGRES_MIGRATION_URL === undefined) return [];
  const settings = { application_name: 'rivulet-cli', connectionTimeoutMillis: 3_000 };
  return withConnection(migrationServer(environment), settings, async () => []).catch(({ name, message }: Error) => {
    const isOurs = name === 'CredentialsError' || message.startsWith('Postgres at ');
    const says = isOurs ? message : 'The server of POSTGRES_MIGRATION_URL does not answer. Correct the URL.';
    return [{ level: 'wrong', about, says }];
  });
}

/** Whether traffic to the server can be read or changed in transit. Local traffic cannot. */
export function judgeTransport({ host, mode }: FoundPostgres['transport']): Finding[] {
  if (isLocal(host)) return [];
  if (mode === 'verify-full' || mode === 'verify-ca') {
    return [{ level: 'ok', about, says: `connects with TLS (sslmode ${mode})` }];
  }
  const says =
    mode === 'disable'
      ? 'connects without TLS: the password and personal data can be read in transit. Set POSTGRES_CA, or sslmode=verify-full in POSTGRES_URL.'
      : `connects with TLS, but does not verify the server (sslmode ${mode}): anyone in the network path can impersonate it and read everything. Set POSTGRES_CA, and sslmode=verify-full in POSTGRES_URL.`;
  return [{ level: 'warning', about, says }];
}

/** Whether its user has the privileges it needs, and no more. On a local server, more is fine. */
export function judgePrivileges(privileges: Privileges, { host }: FoundPostgres['transport']): Finding[] {
  const why = whyNotPermitted(privileges);
  if (why !== undefined) return [{ level: 'wrong', about, says: why }];
  if (!privileges.superuser || isLocal(host)) return [];
  const says =
    'the user of POSTGRES_URL is a superuser: a mistake or a stolen password reaches every database of the server. Run deploy/postgres/roles.sql, and connect as rivulet_app.';
  return [{ level: 'warning', about, says }];
}

/** On this machine, by a socket in the file system too. */
const isLocal = (host: string) => isLoopback(host) || host === '' || host.startsWith('/');

/** What the server's settings mean for what stops email: an opt-out that was acknowledged and is forgotten. */
export function judgeDurability(server: ServerState): Finding[] {
  const { fsync, synchronous_commit: commit, synchronous_standby_names: names, standbys } = server;
  const warnings: string[] = [];
  if (!fsync)
    warnings.push('fsync is off: a crash of its machine can destroy the database, opt-outs too. Set fsync on.');
  if (commit === 'off')
    warnings.push(
      'synchronous_commit is off: a crash forgets opt-outs and sends that were acknowledged up to a second before, and email can be sent again. Set synchronous_commit on.',
    );
  if (standbys > 0 && names === '')
    warnings.push(
      `${standbys} standby ${standbys === 1 ? 'follows' : 'servers follow'}, and synchronous_standby_names is empty: a failover forgets opt-outs that had not reached the standby. Name it in synchronous_standby_names.`,
    );
  if (names !== '' && commit === 'local')
    warnings.push(
      'synchronous_commit is local: a commit does not wait for the synchronous standby, and a failover forgets opt-outs that had not reached it. Set synchronous_commit on.',
    );
  if (warnings.length > 0) return warnings.map((says) => ({ level: 'warning', about, says }));
  const says =
    names === ''
      ? `an opt-out is acknowledged once it is on this server's disk (synchronous_commit ${commit}, no standby)`
      : `an opt-out is acknowledged once it is on disk here and on a standby (synchronous_commit ${commit}, synchronous_standby_names ${names})`;
  return [{ level: 'ok', about, says }];
}

export function judgeConnections({ connections_used: used, connections_allowed: allowed }: ServerState): Finding {
  const says = `${used} of ${allowed} connections are used`;
  if (used < allowed * 0.8) return { level: 'ok', about, says };
  return {
    level: 'warning',
    about,
    says: `${says}: processes that find none left wait. Raise max_connections, or put PgBouncer in transaction mode in front.`,
  };
}

/** Without the schema, nothing in it can be looked at. */
async function lookAtSchema(
  env: NodeJS.ProcessEnv,
  config: Config,
  { postgres, server, transport }: FoundPostgres,
): Promise<Finding[]> {
  const pending = await pendingMigrations(postgres);
  if (pending.length > 0) return [{ level: 'wrong', about: 'schema', says: schemaOutOfDate(pending) }];
  const missing = missingPartitions(server.partitions, server.now);
  return [
    missing.length === 0
      ? { level: 'ok', about: 'schema', says: 'is up to date, with the partitions of this month and the next' }
      : { level: 'wrong', about: 'schema', says: partitionsMissing(missing) },
    ...judgePrivileges(await readPrivileges(postgres), transport),
    ...(await lookAtSecret(env, postgres)),
    ...(await lookAtStops(createStops(postgres))),
    ...(await lookAtRecordedWork(postgres, config.templates.dir)),
  ];
}

function partitionsMissing(names: readonly string[]): string {
  return `Partitions are missing (${names.join(', ')}): what belongs into them is refused. Restart a worker or an ingress without --no-provision: it creates them.`;
}

/** Whether worker and ingress would start with the secret that is set here. A malformed one is reported with the configuration. */
async function lookAtSecret(env: NodeJS.ProcessEnv, postgres: FoundPostgres['postgres']): Promise<Finding[]> {
  const read = (name: 'RIVULET_SECRET' | 'RIVULET_SECRET_PREVIOUS') =>
    environmentSchema.shape[name].safeParse(env[name] || undefined).data;
  const secret = read('RIVULET_SECRET');
  if (secret === undefined) return [];
  const why = await createInstallation(postgres).verify({ secret, previous: read('RIVULET_SECRET_PREVIOUS') });
  return why === undefined ? [] : [{ level: 'wrong', about: 'secret', says: why }];
}

async function lookAtStops(stops: Stops): Promise<Finding[]> {
  const [gates, pauses] = await Promise.all([stops.gates(), stops.pauses()]);
  return [
    ...gates.map((gate): Finding => {
      const why = `${gate.scope} is closed since ${when(gate.since)} (${gate.detail})`;
      return { level: 'wrong', about: 'gate', says: `${why}. Opens ${howItOpens(gate)}` };
    }),
    ...pauses.map(({ scope, since }): Finding => {
      const says = `${scope} is paused since ${when(since)}. To end it: ${resumeCommand(scope)}`;
      return { level: 'warning', about: 'pause', says };
    }),
    ...(gates.length + pauses.length === 0
      ? [{ level: 'ok', about: 'gates', says: 'all are open, nothing is paused' } as const]
      : []),
  ];
}

function size(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(0)} MB` : `${(bytes / 2 ** 30).toFixed(1)} GB`;
}
