import { setTimeout as sleep } from 'node:timers/promises';

import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';

import { RefusedError, UnavailableError } from './errors.ts';
import { innermost } from './innermost.ts';

const firstDelayMs = 50;
const longestDelayMs = 2_000;

export interface Attempts {
  /** What is tried, for messages. */
  what: string;
  /** What to do once the deadline is over. */
  remedy: string;
  /** Over all attempts and the waits between them. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Tries until it succeeds or the deadline is over, with growing delays; half of each is random, so that producers that lost NATS together do
 * not retry together. Throws RefusedError at once for what no repeat mends, the signal's reason if it is aborted, and
 * UnavailableError with the last problem at the deadline.
 */
export async function retry<Value>(
  { what, remedy, timeoutMs, signal }: Attempts,
  attempt: () => Promise<Value>,
): Promise<Value> {
  const over = AbortSignal.timeout(timeoutMs);
  const stop = signal ? AbortSignal.any([signal, over]) : over;
  let problem = 'no response';
  for (let delay = firstDelayMs; !stop.aborted; delay = Math.min(longestDelayMs, delay * 2)) {
    try {
      return await unless(stop, attempt());
    } catch (failure) {
      if (stop.aborted) break;
      const error = innermost(failure);
      const refused = refusal(error);
      if (refused !== undefined) throw new RefusedError(`${what}: ${refused}`, { cause: error });
      problem = described(error);
    }
    await sleep(delay * (0.5 + Math.random() / 2), undefined, { signal: stop }).catch(() => {});
  }
  signal?.throwIfAborted();
  throw new UnavailableError(`${what}: ${problem}. Gave up after ${timeoutMs} ms. ${remedy}`);
}

/** Settles as the work does, or rejects once the signal is aborted, whatever the work then does. */
async function unless<Value>(stop: AbortSignal, work: Promise<Value>): Promise<Value> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(stop.reason as Error);
    stop.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stop.removeEventListener('abort', abort);
  }
}

/** Why no repeat will help; undefined where one may. */
function refusal(error: unknown): string | undefined {
  if (error instanceof errors.PermissionViolationError) {
    return `this NATS user lacks permission: ${error.operation} ${error.subject}`;
  }
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    return `NATS rejected the credentials (${error.message})`;
  }
  if (error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError) {
    return 'the connection is closed';
  }
  if (error instanceof errors.InvalidArgumentError) return `NATS rejected the message as invalid (${error.message})`;
  // 503: no leader, no room for the moment. Everything else is about this message or this stream.
  if (error instanceof JetStreamApiError && error.status !== 503) return error.message;
  return undefined;
}

function described(error: unknown): string {
  if (error instanceof errors.NoRespondersError) {
    return 'no stream accepts this subject. The ingress creates MARKETING_EVENTS when it first starts (`npm start` or `npm run ingress`)';
  }
  if (error instanceof errors.TimeoutError) return 'NATS did not respond';
  return error instanceof Error ? error.message : String(error);
}
