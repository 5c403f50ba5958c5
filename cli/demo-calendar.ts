import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

import type { SendResult } from '../activities/index.ts';
import type { Event } from '../events/index.ts';
import { Calendar, type Ended } from '../simulation/calendar.ts';
import { timeOf } from '../simulation/past.ts';
import { createTimeline, type Timeline } from '../simulation/timeline.ts';
import { firstOf, sendsIn } from './sends-in-history.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

interface Terms {
  person: string;
  time_zone: string;
  /** Of the mails that came, in their order: a history holds no names. */
  subjects: readonly string[];
}

/** What a run has done, from its history, as `rivulet simulate` would show it. */
export function calendarOf(events: readonly HistoryEvent[], { person, time_zone, subjects }: Terms): Calendar {
  const timeline = createTimeline(time_zone);
  const unread = [...subjects];
  const sends = sendsIn(events);
  let journey = '';
  let outcome: unknown;
  let how: Ended = 'unfinished';
  for (const event of events) {
    const at = timeOf(event);
    const started = event.workflowExecutionStartedEventAttributes;
    if (started) {
      journey = started.workflowType?.name ?? '';
      const { event_type } = firstOf(started.input) as Event;
      timeline.add(at, { what: 'starts', event: event_type });
    }
    const send = sends.get(Number(event.eventId));
    if (send?.result) addSend(timeline, at, send.template, send.result, unread);
    if (event.timerStartedEventAttributes) addWait(timeline, at, event);
    const ended = event.workflowExecutionCompletedEventAttributes;
    if (ended) {
      how = 'returned';
      outcome = firstOf(ended.result);
      timeline.add(at, { what: 'ends', why: String(outcome) });
    }
  }
  const { entries } = timeline;
  return new Calendar({ journey, person, time_zone, ended: how, outcome, why: undefined, entries });
}

function addSend(timeline: Timeline, at: number, template: string, { outcome }: SendResult, unread: string[]): void {
  if (outcome !== 'sent') return void timeline.add(at, { what: 'no mail', template, why: outcome });
  const subject = unread.shift();
  timeline.add(at, { what: 'mail', template, ...(subject !== undefined && { subject }) });
}

function addWait(
  timeline: Timeline,
  at: number,
  { timerStartedEventAttributes: timer, userMetadata }: HistoryEvent,
): void {
  const until = at + Number(timer?.startToFireTimeout?.seconds ?? 0) * 1_000;
  const summary = userMetadata?.summary;
  const why = summary ? String(defaultPayloadConverter.fromPayload(summary)) : `until ${timeline.clock(until)}`;
  timeline.add(at, { what: 'waits', until, why: why.replace(/^wait /, '') });
}
