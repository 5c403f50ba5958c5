import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

import type { Answer, Call, Job } from './turn.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

interface Task {
  /** Unix ms. */
  at: number;
  jobs: Job[];
}

/** A recorded run in plain values: what happened to it, workflow task by workflow task. */
export interface Past {
  journey: string;
  args: unknown[];
  /** Unix ms. */
  startedAt: number;
  /**
   * What came with the start: the patches that its code has passed, and what was there by its first workflow task. Absent before
   * that.
   */
  first?: Job[];
  tasks: Task[];
  /** What waits for the next workflow task: no worker has run it yet. */
  pending?: Task;
}

/** Reads a history as Temporal keeps it. */
export function pastOf(events: readonly HistoryEvent[]): Past {
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const byId = new Map(events.map((event) => [Number(event.eventId), event]));
  const tasks: Task[] = [];
  let jobs: Job[] = [];
  let turnAt = timeOf(events[0]);
  for (const event of events) {
    if (event.workflowTaskStartedEventAttributes) turnAt = timeOf(event);
    // A task that failed or timed out is tried again with the same jobs.
    if (event.workflowTaskCompletedEventAttributes) {
      tasks.push({ at: turnAt, jobs });
      jobs = [];
    }
    const local = localAnswer(event);
    if (local) tasks.push({ at: turnAt, jobs: [local] });
    const job = jobOf(event, byId);
    if (job) jobs.push(job);
  }
  const [first, ...later] = tasks;
  const patches = events.flatMap(patchOf);
  return {
    journey: started?.workflowType?.name ?? '',
    args: valuesOf(started?.input?.payloads),
    startedAt: first?.at ?? timeOf(events[0]),
    ...(first && { first: [...patches, ...first.jobs] }),
    tasks: later,
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

/** What a local activity returned is in a marker after the workflow task in which it ran. */
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
  // A regular activity's failure has what was thrown as its cause, and is wrapped again where a run gets it.
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
