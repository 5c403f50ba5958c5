import { parseEvent } from '../events/parse.ts';
import type { Arrival } from './arrival.ts';
import { normalise } from './feedback/normalise.ts';
import { eventConsumers } from './consumers.ts';
import {
  eventSubject,
  type FeedbackType,
  feedbackSubject,
  isFeedback,
  type Lane,
  laneOfEvent,
  laneOfFeedback,
  lanes,
} from './lanes.ts';

/** Subjects that are in a lane by themselves. */
const listed = new Set(eventConsumers().flatMap(({ kind, subjects }) => (kind === 'lane' ? subjects : [])));

/** Whether another consumer than the one of all subjects delivers it. */
export function isListed(subject: string): boolean {
  return listed.has(subject) || subject === eventSubject || subject === feedbackSubject;
}

/**
 * Where a message belongs that came on a subject without a lane: a lane, by what its body says. `here`: nowhere else, because
 * nothing can be made of it but a dead letter.
 */
export function sort(arrival: Arrival): 'here' | Lane {
  const { subject } = arrival;
  if (isFeedback(subject)) return laneOf(feedbackTypes(arrival.data));
  if (subject !== eventSubject) return 'here'; // a type that nobody knows, or a body that contradicts its subject
  const result = parseEvent(arrival.data);
  return result.ok ? laneOfEvent(result.parsed.event.event_type) : 'here';
}

/** The most urgent lane of what is in one message. */
function laneOf(types: readonly FeedbackType[]): Lane | 'here' {
  const found = new Set(types.map(laneOfFeedback));
  return lanes.find((lane) => found.has(lane)) ?? 'here';
}

function feedbackTypes(bytes: Uint8Array): FeedbackType[] {
  return normalise(bytes).flatMap((feedback) => ('at' in feedback ? [feedback.type] : []));
}

/** The subject for feedback as it was received: that of its most urgent piece, or the bare one if nothing in it can be used. */
export function subjectOfFeedback(bytes: Uint8Array): string {
  const types = feedbackTypes(bytes);
  const lane = laneOf(types);
  const type = types.find((each) => laneOfFeedback(each) === lane);
  return type === undefined ? feedbackSubject : `${feedbackSubject}.${type}`;
}
