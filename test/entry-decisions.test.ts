import { describe, expect, it } from 'vitest';

import { configSchema } from '../config/schema.ts';
import type { FullEvent } from '../events/index.ts';
import { decideEntry, percentileOf } from '../ingress/entry/decide.ts';
import { compileRule } from '../ingress/entry/rule.ts';

const now = Date.parse('2026-11-24T12:00:00Z');

const cart: FullEvent<'cart.abandoned'> = {
  event_id: 'cart-1',
  event_type: 'cart.abandoned',
  user_id: 'ada',
  timestamp: now,
  payload: { cart_id: 'c_1', total: 25, currency: 'EUR' },
};

/** What these settings of cart-recovery say of ada's cart. */
function decide(settings: object, person = {}, event = cart) {
  const { journeys } = configSchema.parse({ journeys: { 'cart-recovery': settings } });
  const { 'cart-recovery': own } = journeys;
  if (!own) throw new Error('no settings');
  const rule = own.when === undefined ? undefined : compileRule(own.when, 'cart.abandoned');
  return decideEntry('cart-recovery', own, rule, event, person, now);
}

describe('ada enters', () => {
  it.each([
    ['when nothing is said', {}],
    ['when the rule holds', { when: 'event.payload.total >= 20' }],
    ['from the first instant of the schedule', { schedule: { from: '2026-11-24T12:00:00Z' } }],
    ['until the last', { schedule: { until: '2026-11-24T12:00:00.001Z' } }],
    ['when everybody does', { rollout: 100 }],
  ])('%s', (_, settings) => {
    expect(decide(settings)).toEqual({ enters: true });
  });
});

describe('ada is kept out, and it is said by what', () => {
  it.each([
    ['the journey is off', { enabled: false }, 'disabled', 'enabled is false'],
    [
      'it is too early',
      { schedule: { from: '2026-12-01' } },
      'outside_schedule',
      'schedule.from is 2026-12-01T00:00Z, and it was 2026-11-24T12:00Z',
    ],
    [
      'it is too late, by a moment',
      { schedule: { until: '2026-11-24T13:00:00+01:00' } },
      'outside_schedule',
      'schedule.until is 2026-11-24T12:00Z, and it was 2026-11-24T12:00Z',
    ],
    ['the rule does not hold', { when: 'event.payload.total > 25' }, 'rule', 'when: event.payload.total > 25'],
    ['nobody is let in', { rollout: 0 }, 'rollout', 'rollout is 0 %, and this person is not among them'],
  ])('when %s', (_, settings, because, why) => {
    expect(decide(settings)).toEqual({ enters: false, because, why });
  });

  it('when her event is older than it may be, by a moment; not at that age, nor when it is from the future', () => {
    const aged = (ms: number) => decide({ max_event_age: '1h' }, {}, { ...cart, timestamp: now - ms });
    expect([aged(3_600_000), aged(-3_600_000)]).toEqual([{ enters: true }, { enters: true }]);
    expect(aged(3_600_001)).toEqual({
      enters: false,
      because: 'too_old',
      why: 'max_event_age is 1 h, and the event was 1 h old',
    });
  });

  it('when the rule asks for what is not known of her, with what to do', () => {
    const verdict = decide({ when: 'person.country == "DE"' });
    expect(verdict).toMatchObject({ enters: false, because: 'rule_failed' });
    expect(JSON.stringify(verdict)).toContain('has(person.country)');
    expect(decide({ when: 'person.country == "DE"' }, { country: 'DE' })).toEqual({ enters: true });
  });
});

describe('a rollout', () => {
  const people = Array.from({ length: 10_000 }, (_, index) => `person_${index}`);
  const inAt = (rollout: number) =>
    new Set(people.filter((user_id) => decide({ rollout }, {}, { ...cart, user_id }).enters));

  it('lets in about the share it says', () => {
    expect(Math.abs(inAt(20).size / 100 - 20)).toBeLessThan(2);
  });

  it('keeps everybody who was in when it is raised', () => {
    const more = inAt(50);
    expect([...inAt(20)].filter((person) => !more.has(person))).toEqual([]);
  });

  it('of one journey says nothing about another', () => {
    const both = people.filter((user) => percentileOf('onboarding', user) < 50 && percentileOf('win-back', user) < 50);
    expect(Math.abs(both.length / 100 - 25)).toBeLessThan(2);
  });
});

describe('settings that nobody can mean', () => {
  it.each([
    ['a percentage over 100', { rollout: 101 }, 'must be a percentage from 0 to 100'],
    ['a schedule that ends before it begins', { schedule: { from: '2026-12-02', until: '2026-12-01' } }, 'later'],
    ['a date without a zone', { schedule: { from: '2026-12-02T09:00:00' } }, 'with its zone'],
    ['a date that there is not', { schedule: { from: '2027-02-29' } }, 'must be a date'],
    ['a word that is none', { re_entry: 'twice' }, 'must be always, once or one_running'],
    ['a period without once', { re_entry: { allow: 'always', every: '3d' } }, 'goes with `allow: once` only'],
    [
      'a period for each cart that is longer than entries are kept',
      { re_entry: { allow: 'once', every: '401d', per: 'cart_id' } },
      'must be at most \\"400d\\" with `per`',
    ],
    ['a key that is none', { rolout: 5 }, 'rolout'],
  ])('%s', (_, settings, said) => {
    const { error } = configSchema.safeParse({ journeys: { 'cart-recovery': settings } });
    expect(JSON.stringify(error?.issues)).toContain(said);
  });
});
