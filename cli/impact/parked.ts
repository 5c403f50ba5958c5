import { defaultPayloadConverter } from '@temporalio/common';
import type { google, temporal } from '@temporalio/proto';

import { timeOf } from '../../simulation/past.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** Where a run stands still. */
export interface Parked {
  /** What it waits for, as Temporal UI shows it, but for the person and the date. */
  where: string;
  /** Unix ms. */
  since: number;
  until?: number;
}

/** The open timer or activity of a run; a run between two has its turn this moment. */
export function parkedAt(events: readonly HistoryEvent[]): Parked {
  const closed = new Set(events.map(opener).filter((id) => id !== undefined));
  const open = events.filter((event) => isOpening(event) && !closed.has(Number(event.eventId))).at(-1);
  if (!open) return { where: 'in the middle of a turn', since: timeOf(events.at(-1)) };
  const since = timeOf(open);
  const wait = open.timerStartedEventAttributes?.startToFireTimeout;
  return { where: nameOf(open), since, ...(wait && { until: since + milliseconds(wait) }) };
}

function milliseconds({ seconds, nanos }: google.protobuf.IDuration): number {
  return Number(seconds ?? 0) * 1_000 + Math.round((nanos ?? 0) / 1e6);
}

function isOpening({ timerStartedEventAttributes, activityTaskScheduledEventAttributes }: HistoryEvent): boolean {
  return !!(timerStartedEventAttributes ?? activityTaskScheduledEventAttributes);
}

/** The event that this one ends. */
function opener(event: HistoryEvent): number | undefined {
  const timer = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
  if (timer) return Number(timer.startedEventId);
  const activity =
    event.activityTaskCompletedEventAttributes ??
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskCanceledEventAttributes;
  return activity ? Number(activity.scheduledEventId) : undefined;
}

/** Without what differs from person to person, so that those who stand at one place are counted together. */
function nameOf({ userMetadata, activityTaskScheduledEventAttributes: activity }: HistoryEvent): string {
  const { summary } = userMetadata ?? {};
  const said = summary ? String(defaultPayloadConverter.fromPayload(summary)) : activity?.activityType?.name;
  return (said ?? 'a wait without a summary')
    .replace(/ to \S+$/, ' is being sent')
    .replace(/^may \S+ get/, 'may they get')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, 'their')
    .replace(/ until \d{4}-\d\d-\d\dT\S+/, '');
}
