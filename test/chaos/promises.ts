import { expect } from 'vitest';

import { boundaries } from './boundaries.ts';
import { faultKinds, type FaultKind } from './faults.ts';
import { isDuplicate, isLost, isMarked, isUnknown, waitsForFacts } from './outcome.ts';
import { causesOf, everyone } from './plan.ts';
import type { Result } from './report.ts';
import { targets } from './targets.ts';
import { unreliableCalls } from '../../bench/unreliable-temporal.ts';

/** What Rivulet promises, whatever breaks; and that everything did break. */
export function expectPromisesKept(result: Result): void {
  expectAllBroke(result);
  expectLettersOfPoisonAlone(result);
  const { options, plan, outcomes } = result;
  expect(result.unrecorded, 'good events that are not recorded').toEqual([]);
  expect(result.open, 'runs that did not close').toEqual([]);
  expect(outcomes.length, 'events').toBeGreaterThanOrEqual(options.sends);
  expect(outcomes.length, 'events').toBe(causesOf(everyone(plan)).length);
  expect(result.runs, 'one event, one run').toBe(outcomes.length);
  expect(outcomes.filter(isLost), 'lost').toEqual([]);
  expect(outcomes.filter(isUnknown), 'unknown').toEqual([]);

  const duplicates = outcomes.filter(isDuplicate);
  if (options.feed) {
    expect(duplicates, 'duplicates').toEqual([]);
    expect(
      outcomes.filter(({ inDoubt }) => inDoubt),
      'in doubt',
    ).toEqual([]);
    return;
  }
  expect(
    duplicates.filter(({ transactional }) => !transactional),
    'marketing duplicates',
  ).toEqual([]);
  expect(
    duplicates.filter((outcome) => !isMarked(outcome)),
    'duplicates that are not marked',
  ).toEqual([]);
  // Sent three times at most (ARCHITECTURE.md, "In doubt"): only an email all of whose answers were lost waits for a fact.
  expect(
    outcomes.filter((outcome) => outcome.inDoubt && !waitsForFacts(outcome)),
    'transactional, in doubt, and not tried again',
  ).toEqual([]);
}

function expectAllBroke({ options, plan, deaths, kills, freezes, ...result }: Result): void {
  for (const boundary of boundaries) expect(deaths[boundary] ?? 0, boundary).toBeGreaterThanOrEqual(options.rounds);
  for (const target of targets) {
    const [killed, frozen] = [kills[target] ?? 0, freezes[target] ?? 0];
    if (options.halved) expect(killed + frozen, `${target} killed or frozen`).toBe(options.rounds);
    else expect({ killed, frozen }, target).toEqual({ killed: options.rounds, frozen: options.rounds });
  }
  expect(result.wipes, 'Redis wiped').toBe(options.wipes);
  expect(result.failovers, 'Postgres failed over').toBe(options.failover ? 1 : 0);
  expect(result.bursts, 'published in one go').toEqual({ bulk: 1, 'hot user': 1 });
  expect(result.outages.length, 'outages').toBe(plan.disturbances.flat().filter((each) => 'outage' in each).length);
  for (const kind of Object.keys(faultKinds) as FaultKind[]) expect(result.faults[kind] ?? 0, kind).toBeGreaterThan(0);
  for (const call of unreliableCalls) {
    const failed = Object.keys(result.partialFailures).filter((name) => name.startsWith(`${call} `));
    expect(failed, call).not.toEqual([]);
  }
}

/** Each poisoned message is one dead letter, for the right reason, and no good one is. */
function expectLettersOfPoisonAlone({ letters, plan, unprocessed }: Result): void {
  expect(unprocessed, 'messages that wait').toBe(0);
  const expected = plan.poison.length;
  expect(letters).toEqual({ expected, found: expected, missing: [], repeated: [], misjudged: [], ofGood: [] });
}
