import type { JetStreamClient } from '@nats-io/jetstream';

import { type Arrival, type Failure, retryHeaders } from './arrival.ts';
import { retrySubject } from './consumers.ts';
import type { Lane } from './lanes.ts';

/** How long a message waits for its next attempt, and how many it gets. Times in ms. */
export interface RetryPolicy {
  /** After so many failures with everything that it needs available, a message is a dead letter. */
  failuresAtMost: number;
  firstWaitMs: number;
  /** For a message that fails by itself: it triples up to this. A deployment mends it, or nothing does. */
  longestWaitMs: number;
  /** For a message that failed only because a server did: it doubles up to this, and is tried soon after the server is well. */
  longestUnavailableMs: number;
}

/** About a quarter of an hour until a dead letter is written. */
export const retryPolicy: RetryPolicy = {
  failuresAtMost: 8,
  firstWaitMs: 1_000,
  longestWaitMs: 10 * 60_000,
  longestUnavailableMs: 60_000,
};

/** Names of errors are kept, not whole texts: eight of them go into headers. */
const errorLength = 300;

export interface Retries {
  /** Whether a message fits into the stream of retries, together with what is noted about it. */
  fits(arrival: Arrival): boolean;
  /** Resolves when JetStream has it: then it may be acknowledged where it was. */
  move(lane: Lane, arrival: Arrival): Promise<void>;
}

/** `maxPayload`: the largest message that NATS accepts, in bytes. */
export function createRetries(js: JetStreamClient, maxPayload: () => number): Retries {
  return {
    fits: (arrival) => sizeOf(arrival) < maxPayload() && arrival.headerBytes.byteLength <= largestHeaders,
    async move(lane, arrival) {
      const { stream, seq, storedAt, attempt } = arrival;
      // The same move again, by an ingress that died before it acknowledged: one copy is enough.
      const msgID = `retry:${stream}:${seq}:${storedAt}:${attempt}`;
      await js.publish(retrySubject(lane, arrival.subject), arrival.data, {
        msgID,
        headers: retryHeaders(arrival),
        timeout: publishWithinMs,
      });
    },
  };
}

const publishWithinMs = 5_000;

/** JetStream takes 64 KiB of headers; an original block grows by a third as base64. */
const largestHeaders = 44 * 1024;

/** Room for what is noted about a message. */
const noted = 8 * 1024;

function sizeOf({ data, headerBytes }: Arrival): number {
  return data.byteLength + Math.ceil(headerBytes.byteLength / 3) * 4 + noted;
}

/** The next attempt after a failure of this message. Waits grow with its failures. */
export function afterFailure(arrival: Arrival, error: string, policy: RetryPolicy): Arrival {
  const failures = withFailure(arrival.failures, error);
  const waitMs = jittered(Math.min(policy.longestWaitMs, policy.firstWaitMs * 3 ** (failureCount(failures) - 1)));
  return { ...arrival, failures, attempt: arrival.attempt + 1, dueAt: Date.now() + waitMs };
}

/** The next attempt after a failure of a server. It counts for nothing but the wait. */
export function afterUnavailable(arrival: Arrival, policy: RetryPolicy): Arrival {
  const waitMs = jittered(Math.min(policy.longestUnavailableMs, policy.firstWaitMs * 2 ** arrival.attempt));
  return { ...arrival, attempt: arrival.attempt + 1, dueAt: Date.now() + waitMs };
}

/** Four fifths to six fifths of it, in whole milliseconds: what failed together does not come back together. */
function jittered(ms: number): number {
  return Math.round(ms * (0.8 + Math.random() * 0.4));
}

export function failureCount(failures: readonly Failure[]): number {
  return failures.reduce((sum, { times }) => sum + times, 0);
}

function withFailure(failures: readonly Failure[], text: string): Failure[] {
  const error = text.slice(0, errorLength);
  const known = failures.some((failure) => failure.error === error);
  return known
    ? failures.map((failure) => (failure.error === error ? { error, times: failure.times + 1 } : failure))
    : [...failures, { error, times: 1 }];
}

/** Every error that a message met, for its dead letter. */
export function failuresInWords(failures: readonly Failure[]): string {
  const each = failures.map(({ error, times }) => (times === 1 ? error : `${error} (${times} times)`));
  return `failed ${failureCount(failures)} times with everything it needs available: ${each.join('; ')}`;
}
