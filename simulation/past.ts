import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

import type { Answer, Call, Job } from './turn.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

interface Turn {
  /** Unix ms. */
  at: number;
  jobs: Job[];
  /** Of the worker that had it. */
  buildId?: string;
}

/** A recorded run in plain words: what it was told, turn by turn. */
export interface Past {
  journey: string;
  args: unknown[];
  /** Unix ms. */
  startedAt: number;
  /**
   * What came with the start: the patches that its code has passed, and what was there by its first turn. Absent when it
   * has not had one.
   */
  first?: Pick<Turn, 'jobs' | 'buildId'>;
  turns: Turn[];
  /** What has come and waits for the next turn: no worker has run that yet. */
  pending?: Turn;
}

/** Reads a history as Temporal keeps it. */
export function pastOf(events: readonly HistoryEvent[]): Past {
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const byId = new Map(events.map((event) => [Number(event.eventId), event]));
  const turns: Turn[] = [];
  let jobs: Job[] = [];
  let buildId = '';
  let turnAt = timeOf(events[0]);
  for (const event of events) {
    if (event.workflowTaskStartedEventAttributes) turnAt = timeOf(event);
    // A task that failed or timed out is tried again with all it was to be told.
    if (event.workflowTaskCompletedEventAttributes) {
      buildId = event.workflowTaskCompletedEventAttributes.workerVersion?.buildId ?? '';
      turns.push({ at: turnAt, jobs, buildId });
      jobs = [];
    }
    const local = localAnswer(event);
    if (local) turns.push({ at: turnAt, jobs: [local], buildId });
    const job = jobOf(event, byId);
    if (job) jobs.push(job);
  }
  const [first, ...later] = turns;
  const patches = events.flatMap(patchOf);
  return {
    journey: started?.workflowType?.name ?? '',
    args: valuesOf(started?.input?.payloads),
    startedAt: first?.at ?? timeOf(events[0]),
    ...(first && { first: { ...first, jobs: [...patches, ...first.jobs] } }),
    turns: later,
    ...(jobs.length > 0 && { pending: { at: timeOf(events.at(-1)), jobs } }),
  };
}

function jobOf(event: HistoryEvent, byId: Map<number, HistoryEvent>): Job | undefined {
  const signal = event.workflowExecutionSignaledEventAttributes;
  if (signal) return { kind: 'signal', name: signal.signalName ?? '', args: valuesOf(signal.input?.payloads) };
  if (event.workflowExecutionCancelRequestedEventAttributes) return { kind: 'cancel', reason: 'recorded' };
  const fired = event.timerFiredEventAttributes;
  if (fired) return { kind: 'timer_fired', seq: Number(fired.timerId) };
  const ended =
    event.activityTaskCompletedEventAttributes ??
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskCanceledEventAttributes;
  if (!ended) return undefined;
  const asked = byId.get(Number(ended.scheduledEventId))?.activityTaskScheduledEventAttributes;
  const call = callOf(Number(asked?.activityId), asked?.activityType?.name, false);
  return { kind: 'answered', call, answer: answerOf(ended, event) };
}

function answerOf(ended: object, event: HistoryEvent): Answer {
  if (event.activityTaskCanceledEventAttributes) return { cancelled: true };
  const { result, failure } = ended as {
    result?: temporal.api.common.v1.IPayloads | null;
    failure?: temporal.api.failure.v1.IFailure | null;
  };
  return failure ? { error: errorOf(failure) } : { value: valuesOf(result?.payloads)[0] };
}

/** What a local activity gave stands in a marker behind the turn in which it was done. */
function localAnswer({ markerRecordedEventAttributes: marker }: HistoryEvent): Job | undefined {
  if (marker?.markerName !== 'core_local_activity') return undefined;
  const [about] = valuesOf(marker.details?.['data']?.payloads) as [{ seq: number; activity_type: string }];
  const call = callOf(about.seq, about.activity_type, true);
  const { failure } = marker;
  const value = valuesOf(marker.details?.['result']?.payloads)[0];
  return { kind: 'answered', call, answer: failure ? { error: errorOf(failure) } : { value } };
}

function patchOf({ markerRecordedEventAttributes: marker }: HistoryEvent): Job[] {
  if (marker?.markerName !== 'core_patch') return [];
  const [about] = valuesOf(Object.values(marker.details ?? {})[0]?.payloads) as [{ id: string }];
  return [{ kind: 'patch', id: about.id }];
}

function callOf(seq: number, type: string | null | undefined, local: boolean): Call {
  return { seq, id: String(seq), type: type ?? '', args: [], local, retry: {} };
}

function errorOf(failure: temporal.api.failure.v1.IFailure): Error {
  const error = defaultFailureConverter.failureToError(failure, defaultPayloadConverter);
  // A regular activity's failure has what was thrown as its cause, and is wrapped again where it is told.
  return (error.cause as Error | undefined) ?? error;
}

function valuesOf(payloads: readonly temporal.api.common.v1.IPayload[] | null | undefined): unknown[] {
  return (payloads ?? []).map((payload) => defaultPayloadConverter.fromPayload(payload));
}

/** Unix ms. */
export function timeOf(event: HistoryEvent | undefined): number {
  const { seconds, nanos } = event?.eventTime ?? {};
  return Number(seconds ?? 0) * 1_000 + Math.floor((nanos ?? 0) / 1e6);
}
