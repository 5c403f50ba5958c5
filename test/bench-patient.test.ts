import { expect, test } from 'vitest';

import type { ActivityDependencies } from '../activities/dependencies.ts';
import { patienceMs } from '../activities/send.ts';
import { patientUser, refusingInTheTurn } from '../bench/patient.ts';
import type { Departures } from '../state/departures.ts';
import type { Rates } from '../state/rates.ts';

test('in the patient bench who is patient must wait longer than a turn does, with a slot; anybody else leaves', async () => {
  const asked: string[] = [];
  const leave: Departures['leave'] = async (tag) => (asked.push(`leave ${tag}`), { kind: 'claimed' });
  const reserve: Rates['reserve'] = async (tag) => (asked.push(`reserve ${tag}`), { kind: 'slot', waitMs: 0 });
  const deps = { memory: { departures: { leave }, rates: { reserve } } } as unknown as ActivityDependencies;
  const { departures } = refusingInTheTurn(deps).memory;
  const terms = { lane: 'transactional' as const, since: 1, stops: [] };
  const told = await departures.leave('of grace', 'claim', terms, 'seen', { user: patientUser('grace') });
  expect(told).toEqual({ kind: 'wait', waitMs: patienceMs.at_once + 1 });
  expect(await departures.leave('of ada', 'claim', terms, 'seen', { user: 'u_ada' })).toEqual({ kind: 'claimed' });
  expect(asked).toEqual(['reserve of grace', 'leave of ada']);
});
