import { describe, expect, it } from 'vitest';

import { type EventType, eventTypes } from '../events/index.ts';
import { arrivalOf } from '../ingress/arrival.ts';
import { eventConsumers } from '../ingress/consumers.ts';
import { laneOfEvent, lanes, type Routes, subjectsOf } from '../ingress/lanes.ts';
import { routes } from '../ingress/routes.ts';
import { isListed, sort, subjectOfFeedback } from '../ingress/sort.ts';
import { event, orderCompleted, person, signedUp } from './support/events.ts';
import { sesEvent } from './support/ses-events.ts';

const types = Object.keys(eventTypes) as EventType[];
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const ada = person('ada');

describe('a lane', () => {
  it.each([
    ['consent.revoked', 'opt-outs'],
    ['order.completed', 'transactional'],
    ['consent.requested', 'transactional'],
    ['consent.granted', 'transactional'], // double-opt-in waits for it
    ['user.signed_up', 'marketing'],
    ['project.created', 'marketing'],
    ['contact.updated', 'marketing'],
  ] as const)('of %s is %s', (type, lane) => {
    expect(laneOfEvent(type)).toBe(lane);
  });

  it('follows the routes', () => {
    const changed: Routes = { ...routes, 'trial.started': { ...routes['trial.started']!, transactional: true } };
    expect([laneOfEvent('trial.started', changed), laneOfEvent('trial.extended', changed)]).toEqual([
      'transactional',
      'transactional',
    ]);
    expect([laneOfEvent('trial.started'), laneOfEvent('trial.extended')]).toEqual(['marketing', 'marketing']);
  });

  it('is one for each event type and each type of feedback', () => {
    const subjects = lanes.flatMap((lane) => subjectsOf(lane));
    expect(subjects.toSorted()).toEqual([...new Set(subjects)].toSorted());
    expect(subjects.filter((subject) => subject.startsWith('marketing.events.'))).toHaveLength(types.length);
    expect(subjects.filter((subject) => subject.startsWith('marketing.feedback.ses.'))).toHaveLength(10);
  });
});

describe('the consumers', () => {
  it('are named after their lanes, with "ingress" before them', () => {
    expect(eventConsumers().map(({ name }) => name)).toEqual([
      'ingress-opt-outs',
      'ingress-transactional',
      'ingress-marketing',
      'ingress-feedback',
      'ingress-unsorted',
      'ingress-unlisted',
    ]);
  });
});

describe('a message whose subject is in no lane', () => {
  const sorted = (subject: string, data: Uint8Array) => {
    const info = { stream: 's', streamSequence: 1, timestampNanos: 1, deliveryCount: 1 };
    const msg = { _rdata: data, _msg: { hdr: -1 } };
    return sort(arrivalOf({ subject, data, info, msg } as never));
  };
  const bounce = sesEvent.bounce({ to: 'ada@example.com' }, 'Permanent', 'General');
  const delivery = sesEvent.delivery({ to: 'ada@example.com' });

  it.each([
    [
      'an opt-out',
      'marketing.events',
      event('consent.revoked', ada.user_id, { consent: { topics: ['*'] } }),
      'opt-outs',
    ],
    ['an order', 'marketing.events', orderCompleted(ada), 'transactional'],
    ['a sign-up', 'marketing.events', signedUp(ada), 'marketing'],
    ['what is no event', 'marketing.events', [], 'here'],
    ['a bounce', 'marketing.feedback.ses', bounce, 'opt-outs'],
    ['a delivery', 'marketing.feedback.ses', delivery, 'feedback'],
    ['a bounce among deliveries', 'marketing.feedback.ses', records(delivery, bounce), 'opt-outs'],
    ['what is no feedback', 'marketing.feedback.ses', {}, 'here'],
  ])('%s is sorted by its body', (_, subject, body, lane) => {
    expect(sorted(subject, bytesOf(body))).toBe(lane);
  });

  it('is left to the consumer that has it, unless none has', () => {
    for (const { kind, subjects } of eventConsumers()) {
      if (kind === 'unlisted') continue;
      for (const subject of subjects) expect(isListed(subject)).toBe(true);
    }
    for (const subject of ['marketing.events.order.dreamt', 'marketing.feedback.elsewhere'])
      expect(isListed(subject)).toBe(false);
    expect(sorted('marketing.events.order.dreamt', bytesOf({}))).toBe('here');
    expect(sorted('marketing.feedback.elsewhere', bytesOf(delivery))).toBe('feedback');
  });

  it('is published by us under a subject that has one', () => {
    expect(subjectOfFeedback(bytesOf(records(delivery, bounce)))).toBe('marketing.feedback.ses.bounce');
    expect(subjectOfFeedback(bytesOf(delivery))).toBe('marketing.feedback.ses.delivery');
    expect(subjectOfFeedback(bytesOf('junk'))).toBe('marketing.feedback.ses');
  });
});

/** As Lambda gets them from SQS. */
function records(...events: unknown[]) {
  return { Records: events.map((each) => ({ body: JSON.stringify(each) })) };
}
