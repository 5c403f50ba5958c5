import { rowsAfter, rowsBefore } from './rows.ts';
import type { Scenario } from './world.ts';

const base = {
  class: 'marketing',
  attempts: ['queued', 'queued'],
  faults: 1,
  rows: rowsBefore,
  feed: 'truthful',
} as const satisfies Partial<Scenario>;

/**
 * Two executions of one email at once, with a part of the environment each. In the long form every schedule may have one fault
 * more, and `longer` happens as well.
 */
export const scenarios = {
  'an inline and a queued attempt, the feed, and an hour': {
    ...base,
    attempts: ['inline', 'queued'],
    answers: ['accepted, answer lost', 'accepted, id lost'],
    environment: ['report', 'feed read', 'hour'],
  },
  'a provider that does not take every email': {
    ...base,
    faults: 2,
    answers: ['not taken, answer lost', 'unavailable', 'refused'],
    environment: ['report', 'second'],
    longer: ['hour', 'feed read'],
  },
  'an opt-out': {
    ...base,
    answers: ['unavailable'],
    environment: ['opt-out', 'hour'],
    longer: ['second', 'feed read'],
  },
  'a suppression of a transactional email': {
    ...base,
    class: 'transactional',
    answers: ['accepted, answer lost'],
    environment: ['suppression', 'hour'],
    longer: ['second', 'report'],
  },
  'a pause': {
    ...base,
    attempts: ['inline', 'queued'],
    answers: ['unavailable'],
    environment: ['pause', 'resume', 'second'],
    longer: ['hour'],
  },
  'an attempt that died before its call, and an opt-out': {
    ...base,
    answers: ['unavailable'],
    rows: () => rowsAfter('claimed', { hoursAgo: 5 }),
    environment: ['feed read', 'opt-out'],
    longer: ['report', 'hour', 'suppression'],
  },
  'an attempt that died before its call, and a pause': {
    ...base,
    answers: ['accepted, answer lost'],
    rows: () => rowsAfter('claimed', { hoursAgo: 5 }),
    environment: ['feed read', 'pause'],
    longer: ['report', 'resume', 'hour'],
  },
  'an attempt that died after its call': {
    ...base,
    rows: () => rowsAfter('claimed', { hoursAgo: 5 }),
    sentBefore: true,
    environment: ['report', 'feed read', 'hour'],
    longer: ['opt-out'],
  },
  'an email that was given back': {
    ...base,
    answers: ['accepted, answer lost'],
    rows: () => rowsAfter('released', { hoursAgo: 5 }),
    environment: ['feed read'],
    longer: ['report', 'hour', 'pause'],
  },
  'a feed that reports nothing': {
    ...base,
    answers: ['accepted, answer lost', 'unavailable'],
    feed: 'silent',
    environment: ['feed read', 'hour'],
    longer: ['day'],
  },
  'a night, and a feed that reports nothing': {
    ...base,
    feed: 'silent',
    environment: ['night'],
    longer: ['hour', 'second'],
  },
  'a transactional email that may have been sent': {
    ...base,
    class: 'transactional',
    answers: ['accepted, answer lost', 'not taken, answer lost'],
    rows: () => rowsAfter('claimed', { hoursAgo: 2 }),
    sentBefore: true,
    environment: ['report', 'suppression'],
    longer: ['hour', 'feed read'],
  },
  'an operator who wrongly says that it was not sent': {
    ...base,
    answers: ['accepted, answer lost'],
    rows: () => rowsAfter('claimed', { hoursAgo: 5, inDoubtFor: 3 }),
    sentBefore: true,
    environment: ['operator: send', 'hour'],
    longer: ['report', 'second'],
  },
  'an operator who gives up': {
    ...base,
    answers: ['unavailable'],
    rows: () => rowsAfter('claimed', { hoursAgo: 5, inDoubtFor: 3 }),
    environment: ['operator: give_up', 'feed read'],
    longer: ['report', 'hour'],
  },
  'a doubt of more than a day': {
    ...base,
    answers: ['unavailable'],
    rows: () => rowsAfter('claimed', { hoursAgo: 30, inDoubtFor: 25 }),
    environment: ['feed read', 'opt-out'],
    longer: ['hour', 'report'],
  },
  'a doubt of more than a day about an email that was sent': {
    ...base,
    rows: () => rowsAfter('claimed', { hoursAgo: 30, inDoubtFor: 25 }),
    sentBefore: true,
    environment: ['report'],
    longer: ['feed read', 'hour'],
  },
  'an event that lacks what the template shows': {
    ...base,
    lacksData: true,
    rows: () => rowsAfter('claimed', { hoursAgo: 5 }),
    environment: ['feed read'],
    longer: ['opt-out', 'hour'],
  },
} as const satisfies Record<string, Scenario & { longer?: Scenario['environment'] }>;

export type ScenarioName = keyof typeof scenarios;

export function scenario(name: ScenarioName, { long = false } = {}): Scenario {
  const { longer = [], ...short }: Scenario & { longer?: Scenario['environment'] } = scenarios[name];
  return long ? { ...short, faults: short.faults + 1, environment: [...short.environment, ...longer] } : short;
}
