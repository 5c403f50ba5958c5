import { expect } from 'vitest';

import { boundaries } from './boundaries.ts';
import { faultKinds, type FaultKind } from './faults.ts';
import { isDuplicate, isGivenUp, isLost, isUnknown } from './outcome.ts';
import { targets } from './plan.ts';
import type { Result } from './report.ts';

/** What Rivulet promises, whatever breaks; and that everything did break. */
export function expectPromisesKept(result: Result): void {
  const { options, outcomes, deaths, kills, freezes } = result;
  for (const boundary of boundaries) expect(deaths[boundary] ?? 0, boundary).toBeGreaterThanOrEqual(options.rounds);
  for (const target of targets) {
    expect(kills[target], `${target} killed`).toBe(options.rounds);
    expect(freezes[target], `${target} frozen`).toBe(options.rounds);
  }
  for (const kind of Object.keys(faultKinds) as FaultKind[]) expect(result.faults[kind] ?? 0, kind).toBeGreaterThan(0);
  expect(result.open, 'runs that did not close').toEqual([]);
  expect(outcomes.length, 'events').toBeGreaterThanOrEqual(options.sends);
  expect(result.runs, 'one event, one run').toBe(outcomes.length);
  expect(outcomes.filter(isLost), 'lost').toEqual([]);

  const duplicates = outcomes.filter(isDuplicate);
  if (options.feed) {
    expect(duplicates, 'duplicates').toEqual([]);
    expect(outcomes.filter(isUnknown), 'unknown').toEqual([]);
    return;
  }
  expect(
    duplicates.filter(({ transactional }) => !transactional),
    'marketing duplicates',
  ).toEqual([]);
  expect(
    duplicates.filter(({ marked }) => !marked),
    'duplicates that are not marked',
  ).toEqual([]);
  // ARCHITECTURE.md, "Settling": sent once more, and no third time. Only a mail both of whose answers were lost may be gone.
  const gone = outcomes.filter((outcome) => outcome.transactional && isUnknown(outcome) && outcome.mails === 0);
  expect(
    gone.filter((outcome) => !isGivenUp(outcome)),
    'transactional, not left, and not tried again',
  ).toEqual([]);
}
