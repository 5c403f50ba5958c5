import {
  anyFeedback,
  eventSubject,
  feedbackSubject,
  isFeedback,
  type Lane,
  lanes,
  type Routes,
  subjectsOf,
} from './lanes.ts';
import { routes } from './routes.ts';

/**
 * One durable consumer, which all ingresses share. `lane`: what it delivers is processed. `unsorted`: its subjects say nothing about
 * the lane, so the body decides. `unlisted`: it delivers every message once more, and those without a lane are processed.
 */
export interface LaneConsumer {
  name: string;
  stream: 'events' | 'retries';
  kind: 'lane' | 'unsorted' | 'unlisted';
  /** What its places and figures are counted under. */
  lane: Lane | 'unsorted' | 'unlisted';
  subjects: readonly string[];
}

const prefix = 'ingress';

/** The consumers of the stream of events. NATS filters by what a subject is, not by what it is not: hence `unlisted`. */
export function eventConsumers(by: Routes = routes): LaneConsumer[] {
  const events = (name: LaneConsumer['lane'], kind: LaneConsumer['kind'], subjects: readonly string[]) =>
    ({ name: `${prefix}-${name}`, stream: 'events', kind, lane: name, subjects }) as const;
  return [
    ...lanes.map((lane) => events(lane, 'lane', subjectsOf(lane, by))),
    events('unsorted', 'unsorted', [eventSubject, feedbackSubject]),
    events('unlisted', 'unlisted', [`${eventSubject}.>`, anyFeedback]),
  ];
}

/** Where a message waits that has left its line. Feedback is told apart: how far it is processed is asked once a second. */
export function retrySubject(lane: Lane, subject: string): string {
  return `marketing.retry.${lane}.${isFeedback(subject) ? 'feedback' : 'event'}`;
}

export function isRetrySubject(subject: string): boolean {
  return subject.startsWith('marketing.retry.');
}

export const feedbackRetrySubjects = 'marketing.retry.*.feedback';

export const retryConsumers: readonly LaneConsumer[] = lanes.map((lane) => ({
  name: `${prefix}-retry-${lane}`,
  stream: 'retries',
  kind: 'lane',
  lane,
  subjects: [`marketing.retry.${lane}.>`],
}));

/** A consumer for what a change of routes would have left between two lanes: see provision-consumers.ts. */
export function movedConsumer(lane: LaneConsumer['lane'], id: string, subjects: readonly string[]): LaneConsumer {
  return { name: `${prefix}-moved-${lane}-${id}`, stream: 'events', kind: kindOf(lane), lane, subjects };
}

/** The lane in the name of such a consumer; undefined for any other. */
export function laneOfMoved(name: string): LaneConsumer['lane'] | undefined {
  const found = /^ingress-moved-([a-z-]+)-[0-9a-f]+$/.exec(name)?.[1];
  return [...lanes, 'unlisted' as const].find((lane) => lane === found);
}

function kindOf(lane: LaneConsumer['lane']): LaneConsumer['kind'] {
  return lane === 'unsorted' || lane === 'unlisted' ? lane : 'lane';
}
