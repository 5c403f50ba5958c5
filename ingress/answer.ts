import type { Logger } from '../runtime/log.ts';
import { unavailableCode } from '../runtime/unavailable.ts';
import type { Arrival } from './arrival.ts';
import { type DeadLetterDependencies, type DeadLetterReason, idsOf, writeDeadLetter } from './dead-letter.ts';
import type { Lane } from './lanes.ts';
import type { IngressMetrics } from './metrics.ts';
import type { Probe } from './probe.ts';
import {
  afterFailure,
  afterUnavailable,
  failureCount,
  failuresInWords,
  type Retries,
  type RetryPolicy,
} from './retries.ts';
import type { Verdict } from './take-in.ts';

/** How a message is answered where it was delivered. Each may be lost: it is then delivered again, and everything is repeated. */
export interface Delivery {
  /** How often it was delivered there. Says nothing about failures. */
  deliveries: number;
  ack(): Promise<unknown>;
  term(reason: string): void;
  /** Delivered again after so many whole milliseconds. It keeps its place among the unacknowledged until then. */
  requeue(delayMs: number): void;
}

/**
 * What processing a message says about its line. `setback`: a server was unavailable for this message, although the probe passes.
 * `unavailable`: something that every message needs is: no more should be pulled. `waiting`: it was not tried.
 */
export type Outcome = 'processed' | 'failed' | 'setback' | 'unavailable' | 'waiting';

export interface AnswerDependencies extends DeadLetterDependencies {
  retries: Retries;
  policy: RetryPolicy;
  probe: Probe;
  metrics: Pick<IngressMetrics, 'deadLetters' | 'retries' | 'requeued' | 'lostLetters'>;
  log: Pick<Logger, 'warn' | 'error' | 'info'>;
}

/**
 * Processes a message and answers it. One that fails leaves its line: it is acknowledged there and waits among the retries. Only a
 * failure with everything available counts towards a dead letter. Never throws.
 */
export async function answer(
  deps: AnswerDependencies,
  lane: Lane,
  arrival: Arrival,
  delivery: Delivery,
  process: () => Promise<Verdict>,
): Promise<Outcome> {
  try {
    const verdict = await process();
    switch (verdict.kind) {
      case 'processed':
        await delivery.ack();
        return 'processed';
      case 'refused':
        await bury(deps, arrival, delivery, verdict.reason, verdict.error);
        return 'processed';
      case 'continues': {
        const { attempt } = arrival;
        await deps.retries.move(lane, { ...arrival, attempt: attempt + 1, continueFrom: verdict.from, dueAt: 0 });
        await delivery.ack();
        return 'processed';
      }
      default:
        return verdict satisfies never;
    }
  } catch (error) {
    return failed(deps, lane, arrival, delivery, error).catch((failure: unknown) => {
      // It could be put nowhere else: NATS keeps it where it is.
      deps.log.warn({ lane, seq: arrival.seq, err: failure }, 'event.requeued');
      const outcome = requeue(deps, lane, delivery);
      return unavailableCode(failure) === undefined ? 'failed' : outcome;
    });
  }
}

async function failed(
  deps: AnswerDependencies,
  lane: Lane,
  arrival: Arrival,
  delivery: Delivery,
  error: unknown,
): Promise<Outcome> {
  const { seq, attempt } = arrival;
  const about = { lane, seq, attempt, err: error };
  const down = await deps.probe().then(
    () => undefined,
    (reason: unknown) => reason ?? new Error('the probe failed'),
  );
  if (down !== undefined) {
    deps.log.warn({ ...about, probe: nameOf(down) }, 'event.requeued');
    return requeue(deps, lane, delivery);
  }
  const code = unavailableCode(error);
  if (code !== undefined) {
    deps.log.warn({ ...about, code }, 'event.retry_scheduled');
    await leaveLine(deps, lane, afterUnavailable(arrival, deps.policy), delivery, 'unavailable');
    return 'setback';
  }
  const next = afterFailure(arrival, nameOf(error), deps.policy);
  deps.log.error({ ...about, failures: failureCount(next.failures) }, 'event.failed');
  if (failureCount(next.failures) >= deps.policy.failuresAtMost || !deps.retries.fits(next)) {
    await bury(deps, next, delivery, 'not_processable', failuresInWords(next.failures));
  } else {
    await leaveLine(deps, lane, next, delivery, 'failed');
  }
  return 'failed';
}

async function leaveLine(
  { retries, metrics }: AnswerDependencies,
  lane: Lane,
  next: Arrival,
  delivery: Delivery,
  reason: 'failed' | 'unavailable',
): Promise<void> {
  metrics.retries.inc({ lane, reason });
  if (!retries.fits(next)) return delivery.requeue(Math.max(0, next.dueAt - Date.now()));
  await retries.move(lane, next);
  await delivery.ack();
}

function requeue({ metrics }: AnswerDependencies, lane: Lane, delivery: Delivery): Outcome {
  metrics.requeued.inc({ lane });
  delivery.requeue(requeueMs());
  return 'unavailable';
}

/** Within one to five seconds: by then the line is probed again. */
export function requeueMs(): number {
  return Math.round(1_000 + Math.random() * 4_000);
}

/** A message that three letters cannot carry is given up: rather one message than every one behind it. */
async function bury(
  deps: AnswerDependencies,
  arrival: Arrival,
  delivery: Delivery,
  reason: DeadLetterReason,
  error: string,
): Promise<void> {
  const { seq, subject } = arrival;
  const about = { seq, subject, reason, error, ...idsOf(arrival) };
  if (await writeDeadLetter(deps, arrival, reason, error)) {
    deps.metrics.deadLetters.inc({ reason });
    deps.log.warn(about, 'event.dead_lettered');
  } else {
    deps.metrics.lostLetters.inc({ reason });
    deps.log.error({ ...about, bytes: arrival.data.byteLength }, 'dead_letter.lost');
  }
  delivery.term(reason);
}

/** What a dead letter says of an error. Its text may quote the message, but so does the letter, which has all of it. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: string | number };
  return `${code === undefined ? error.name : `${error.name} ${code}`}: ${error.message}`;
}
