import { NamespaceNotFoundError } from '@temporalio/client';

import { isMisconfigured } from './tls-codes.ts';

/** gRPC: deadline exceeded, resource exhausted, unavailable; and credentials that are refused, which no event can mend. */
const grpcCodes: Readonly<Record<number, string>> = {
  4: 'DEADLINE_EXCEEDED',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
};

/**
 * SQLSTATE: connection (08), credentials (28), resources (53), operator (57); a replica (25006), a lock or deadlock that may pass
 * (40001, 40P01, 55P03), no such database (3D000), a permission that is missing for every statement (42501), a pooler that has
 * lost a prepared statement (26000, 42P05).
 */
const sqlState = /^(08...|28...|53...|57014|57P0\d|25006|40001|40P01|55P03|3D000|42501|26000|42P05)$/;

const systemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
]);

/** JetStream: no leader or resources for it, the stream or the disk is full, the stream does not exist. */
const jetStreamCodes = new Set([10_008, 10_009, 10_023, 10_028, 10_039, 10_047, 10_059, 10_076, 10_077, 10_118]);

/**
 * What the drivers of NATS and Redis call their own errors, and our own for credentials that cannot be used. A permission that is
 * missing is missing for every message.
 */
const names = new Set([
  'CredentialsError',
  'TimeoutError',
  'NoResponders',
  'PermissionViolationError',
  'ConnectionError',
  'ClosedConnectionError',
  'DrainingConnectionError',
  'JetStreamNotEnabled',
  'MaxRetriesPerRequestError',
]);

/** What pg and ioredis say without a code. */
const messages =
  /^(Connection is closed\.|Cluster isn't ready.{0,80}|Command timed out|Stream isn't writeable.{0,80}|Query read timeout|timeout exceeded when trying to connect|Connection terminated.{0,60})$/;

/** The first word of Redis's reply. */
const redisReply =
  /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|MISCONF|OOM|BUSY|TRYAGAIN|NOPERM|NOAUTH|WRONGPASS)(?= )/;

/** gRPC's invalid argument when the namespace lacks a search attribute, in the words of Temporal's server. No event can start then. */
const missingSearchAttribute = /no mapping defined for search attribute|search attribute \S+ is not defined/i;

/** As deep as errors are wrapped in others. */
const deepest = 8;

/**
 * The code by which an error says that a server is unavailable or overloaded; undefined for every other error, which is then about
 * what was asked. A closed list: an error that nobody foresaw must not make everybody wait.
 */
export function unavailableCode(error: unknown): string | undefined {
  let at = error;
  for (let depth = 0; depth < deepest && at instanceof Error; depth++, at = at.cause) {
    const found = codeOf(at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function codeOf(error: Error): string | undefined {
  if (error instanceof NamespaceNotFoundError) return 'NAMESPACE_NOT_FOUND';
  const { code } = error as { code?: unknown };
  if (typeof code === 'number') {
    if (jetStreamCodes.has(code)) return `JETSTREAM_${code}`;
    if (code === 3 && missingSearchAttribute.test(error.message)) return 'SEARCH_ATTRIBUTE_MISSING';
    return grpcCodes[code];
  }
  if (typeof code === 'string' && (systemCodes.has(code) || sqlState.test(code) || isMisconfigured(code))) return code;
  if (names.has(error.name)) return error.name;
  if (messages.test(error.message)) return 'NO_ANSWER';
  return redisReply.exec(error.message)?.[1];
}
