import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

import type { Queued, SendRequest, SendResult, SentInline } from '../activities/index.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** A mail that a run has asked for, and how that ended. */
export interface SendInHistory {
  template: string;
  /** Absent when it failed for good. */
  result?: SendResult;
  /** What the failure says. */
  failure?: string;
}

/** The sends that have ended, by the id of the event that ended them. */
export function sendsIn(events: readonly HistoryEvent[]): Map<number, SendInHistory> {
  const asked = new Map<number, SendRequest>();
  const ended = new Map<number, SendInHistory>();
  for (const event of events) {
    const id = Number(event.eventId);
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled?.activityType?.name === 'sendEmail') asked.set(id, firstOf(scheduled.input) as SendRequest);
    const completed = event.activityTaskCompletedEventAttributes;
    const failed = event.activityTaskFailedEventAttributes;
    const request = asked.get(Number((completed ?? failed)?.scheduledEventId));
    if (request && completed)
      ended.set(id, { template: request.template, result: firstOf(completed.result) as SendResult });
    if (request && failed) ended.set(id, { template: request.template, failure: saidBy(failed.failure) });
    const atOnce = sentInline(event);
    if (atOnce && atOnce.outcome !== 'queued') ended.set(id, { template: atOnce.template, result: atOnce });
  }
  return ended;
}

/** What was sent in a workflow turn stands in the marker behind it. */
function sentInline({ markerRecordedEventAttributes: marker }: HistoryEvent): SentInline | Queued | undefined {
  if (marker?.markerName !== 'core_local_activity' || marker.failure) return undefined;
  const { activity_type: type } = firstOf(marker.details?.['data']) as { activity_type: string };
  return type === 'sendEmailInline' ? (firstOf(marker.details?.['result']) as SentInline | Queued) : undefined;
}

/** `Suppressed: the message`, of the failure that is at the bottom of it. */
export function saidBy(failure: temporal.api.failure.v1.IFailure | null | undefined): string {
  if (failure?.cause) return saidBy(failure.cause);
  const type = failure?.applicationFailureInfo?.type;
  return `${type ? `${type}: ` : ''}${failure?.message ?? 'it failed, and nothing says why'}`;
}

/** The first value of an input or a result. */
export function firstOf(payloads: temporal.api.common.v1.IPayloads | null | undefined): unknown {
  return defaultPayloadConverter.fromPayload(payloads?.payloads?.[0] as Payload);
}
