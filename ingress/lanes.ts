import { type EventType, eventTypes } from '../events/index.ts';
import type { SesFeedback } from './feedback/ses-feedback.ts';
import { type Route, routes } from './routes.ts';

/** Classes of messages. Each has consumers and places of its own, so that bulk in one delays no other. The most urgent first. */
export const lanes = ['opt-outs', 'transactional', 'marketing', 'feedback'] as const;
export type Lane = (typeof lanes)[number];

export type Routes = Partial<Record<EventType, Route>>;
export type FeedbackType = SesFeedback['type'];

/** Every event type starts with it, and the type follows. Without one, only the body names the type. */
export const eventSubject = 'marketing.events';

/** The same for what the provider reports. */
export const feedbackSubject = 'marketing.feedback.ses';

export const anyFeedback = 'marketing.feedback.>';

export function isFeedback(subject: string): boolean {
  return subject.startsWith('marketing.feedback.');
}

/**
 * The lane of an event: by the journey it starts, else by the journeys that listen for it. Whatever a transactional journey waits
 * for is as urgent as what starts it.
 */
export function laneOfEvent(type: EventType, by: Routes = routes): Lane {
  if (type === 'consent.revoked') return 'opt-outs';
  const concerned = Object.values(by).filter((route) => route === by[type] || route.listensFor?.includes(type));
  return concerned.some((route) => route.transactional) ? 'transactional' : 'marketing';
}

const lanesOfFeedback: Readonly<Record<FeedbackType, Lane>> = {
  bounce: 'opt-outs',
  complaint: 'opt-outs',
  subscription: 'opt-outs',
  send: 'feedback',
  delivery: 'feedback',
  delivery_delay: 'feedback',
  open: 'feedback',
  click: 'feedback',
  reject: 'feedback',
  rendering_failure: 'feedback',
};

export function laneOfFeedback(type: FeedbackType): Lane {
  return lanesOfFeedback[type];
}

/** The subjects of a lane. */
export function subjectsOf(lane: Lane, by: Routes = routes): string[] {
  const types = (Object.keys(eventTypes) as EventType[]).filter((type) => laneOfEvent(type, by) === lane);
  const feedback = (Object.keys(lanesOfFeedback) as FeedbackType[]).filter((type) => laneOfFeedback(type) === lane);
  return [...types.map((type) => `${eventSubject}.${type}`), ...feedback.map((type) => `${feedbackSubject}.${type}`)];
}
