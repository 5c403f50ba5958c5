import { jetstream, type JetStreamClient, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, errors, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';

import { type NatsAccess, type NatsVariables, readNatsAccess } from '../config/nats-access.ts';
import type { Logger } from './log.ts';
import { authenticatorOf, day, expiries, tlsOf, unusableCredentials } from './nats-credentials.ts';
import { tlsRefusal } from './nats-tls-refusal.ts';
import { StartError } from './stop-signal.ts';
import { untilAvailable } from './until-available.ts';

export interface JetStream {
  connection: NatsConnection;
  js: JetStreamClient;
  manager: JetStreamManager;
}

/** Returns how to connect to NATS. Throws StartError with every mistake in the variables and the files they name. */
export function natsAccess(variables: NatsVariables): NatsAccess {
  const { access, mistakes } = readNatsAccess(variables);
  const all = mistakes.length > 0 ? mistakes : unusableCredentials(access).map((each) => `environment ${each}`);
  if (all.length > 0) throw new StartError(`The credentials of NATS cannot be used:\n  ${all.join('\n  ')}`);
  return access;
}

/**
 * Connects once, then reconnects for as long as it takes, even if credentials are refused: they worked before, and files are
 * read again each time. Throws StartError for errors that waiting cannot fix, and otherwise an Error that names the server.
 *
 * `name` identifies the client: replies arrive on `_INBOX_<name>.>`, the only subject that it may subscribe to by default.
 */
export async function openNats(
  access: NatsAccess,
  name: string,
  options: NodeConnectionOptions = {},
): Promise<NatsConnection> {
  const tls = tlsOf(access);
  const authenticator = authenticatorOf(access.login);
  try {
    const connection = await connect({
      servers: [...access.servers],
      name,
      inboxPrefix: `_INBOX_${name}`,
      timeout: 3_000,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      ignoreAuthErrorAbort: true,
      // A stack trace for each request would cost half of the throughput.
      noAsyncTraces: true,
      ...(authenticator && { authenticator }),
      ...(tls && { tls }),
      ...options,
    });
    connection.setServers([...access.servers]); // those that did not answer were dropped
    return connection;
  } catch (error) {
    throw await whyNot(error as Error, access);
  }
}

/** Opens JetStream on a connection, in the configured domain or account. */
export async function openJetStream(
  connection: NatsConnection,
  { jetstream: where }: NatsAccess,
  timeout?: number,
): Promise<JetStream> {
  const options = { ...where, ...(timeout !== undefined && { timeout }) };
  const manager = await jetstreamManager(connection, { ...options, checkAPI: false });
  return { connection, js: jetstream(connection, options), manager };
}

/**
 * Connects a long-running process. While NATS is unavailable, it waits and logs. Throws StartError for refused credentials,
 * certificates and addresses.
 */
export async function connectNats(
  variables: NatsVariables,
  name: string,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
): Promise<JetStream> {
  const access = natsAccess(variables);
  const connection = await untilAvailable('nats', () => openNats(access, name, { pingInterval: 10_000 }), log);
  void watchNats(connection, access, name, log);
  return openJetStream(connection, access);
}

/** Of so many attempts to reconnect, one is made again to learn why it fails. */
const askEvery = 10;

/** Logs each reason of an outage, and each missing permission, once. Ends with the connection. */
async function watchNats(
  connection: NatsConnection,
  access: NatsAccess,
  name: string,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
): Promise<void> {
  const missing = new Set<string>();
  let isDown = false;
  let attempts = 0;
  let logged = '';
  for await (const status of connection.status()) {
    if (status.type === 'disconnect' && !isDown) {
      isDown = true;
      attempts = 0;
      logged = '';
    }
    // The client emits this once for each failed attempt.
    if (status.type === 'reconnect' && isDown) {
      isDown = false;
      log.info({ server: status.server }, 'nats.reconnected');
    }
    // The client does not say why an attempt failed; one of our own does. The reason may change: first the server is gone, then it refuses.
    if (status.type === 'reconnecting' && ++attempts % askEvery === 2) {
      void openNats(access, name, { timeout: 2_000, maxReconnectAttempts: 0 }).then(
        (another) => another.close(),
        ({ message: reason }: Error) => {
          if (isDown && reason !== logged) log.error({ dependency: 'nats', reason }, 'nats.unavailable');
          logged = reason;
        },
      );
    }
    if (status.type === 'error' && status.error instanceof errors.PermissionViolationError) {
      const reason = missingPermission(status.error) ?? '';
      const { operation, subject } = status.error;
      if (!missing.has(reason)) log.error({ operation, subject, reason }, 'nats.permission_missing');
      missing.add(reason);
    }
  }
}

/** One line when NATS refuses this user a subject; undefined for every other error. */
export function missingPermission(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (!(error instanceof errors.PermissionViolationError)) return missingPermission(error.cause);
  const { operation } = error;
  // The rest is another one for each connection, or message.
  const subject = error.subject.replace(/^(_INBOX[^.]*|\$JS\.ACK\.[^.]*)\..*$/, '$1.>');
  const what = operation === 'publish' ? 'publish to' : 'subscribe to';
  return `NATS denied this user permission to ${what} "${subject}". Grant it; deploy/nats has the permissions for each role.`;
}

/** Errors of the server's certificate that waiting cannot fix. */
const untrusted = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
]);

async function whyNot(error: Error, access: NatsAccess): Promise<Error> {
  const nats = `NATS at ${access.servers.join(', ')}`;
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    const what = access.login.way === 'none' ? 'requires credentials' : 'refused these credentials';
    return new StartError(`${nats} ${what}. ${remedy(access)}`);
  }
  const given = codeOf(error);
  const code = given === undefined && error.name === 'TimeoutError' ? await tlsRefusal(access) : given;
  if (code?.includes('_ALERT_')) {
    const what = access.cert === undefined ? 'this client, which has no certificate' : 'the certificate in NATS_CERT';
    const why = code
      .replace(/^.*_ALERT_/, '')
      .toLowerCase()
      .replaceAll('_', ' ');
    return new StartError(`${nats} refused ${what} (${why}). Set NATS_CERT and NATS_KEY to a valid pair.`);
  }
  if (code !== undefined && untrusted.has(code)) {
    const by = access.ca === undefined ? 'a CA that Node trusts' : 'the CA in NATS_CA';
    return new StartError(
      `The certificate of ${nats} is not signed by ${by} (${code}). Set NATS_CA to the CA that signed it.`,
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new StartError(
      `The certificate of ${nats} is for another host name. Use a name from the certificate in NATS_URL.`,
    );
  }
  if (code === 'CERT_HAS_EXPIRED') return new Error(`The certificate of ${nats} has expired. Renew it on the server.`);
  if (/does not support 'tls'|not available on this server/.test(error.message)) {
    return new StartError(
      `${nats} offers no TLS, but tls://, NATS_CA or NATS_CERT requires it. Enable TLS on the server.`,
    );
  }
  return new Error(`NATS does not answer at ${access.servers.join(', ')} (${code ?? 'no answer in time'}).`);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : codeOf(error.cause);
}

function remedy(access: NatsAccess): string {
  const { login } = access;
  if (login.way === 'none') {
    return 'Set NATS_USER and NATS_PASSWORD, NATS_TOKEN, NATS_NKEY or NATS_CREDS.';
  }
  const expired = login.way === 'creds' ? expiries(access).find(({ at }) => at < new Date()) : undefined;
  if (expired)
    return `${expired.what[0]?.toUpperCase()}${expired.what.slice(1)} expired on ${day(expired.at)}. Generate a new one.`;
  return `Correct ${login.from}.`;
}
