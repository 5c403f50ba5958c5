import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ownDatabase } from '../support/database.ts';
import { installClock } from '../support/schedules/clock.ts';
import { createEffects, type Effects } from '../support/schedules/effects.ts';
import { explore } from '../support/schedules/explore.ts';
import { mutated, mutations } from '../support/schedules/mutations.ts';
import { scenario, type ScenarioName, scenarios } from '../support/schedules/scenarios.ts';
import { createWorld } from '../support/schedules/world.ts';

/** `SCHEDULES=long`: one fault more in each schedule, and more of the environment. */
const long = process.env['SCHEDULES'] === 'long';
const longestMs = long ? 3_600_000 : 300_000;

const database = ownDatabase();
const explored: string[] = [];
let effects: Effects;
let restoreClock: () => void;

beforeAll(() => {
  effects = createEffects(database.postgres);
  restoreClock = installClock();
  Error.stackTraceLimit = 0; // attempts end by throwing, a million times
});

afterAll(() => {
  restoreClock();
  Error.stackTraceLimit = 10;
  console.log(`${explored.join('\n')}\nstatements run against Postgres: ${effects.executed}`);
});

describe('every schedule of two attempts keeps every promise', { timeout: longestMs }, () => {
  it.each(Object.keys(scenarios) as ScenarioName[])('with %s', async (name) => {
    const began = process.hrtime.bigint();
    const { violation, states, steps, ends, schedules, longest } = await explore(() =>
      createWorld(effects, scenario(name, { long })),
    );
    const seconds = Number((process.hrtime.bigint() - began) / 1_000_000n) / 1_000;
    explored.push(
      `${schedules} schedules of up to ${longest} steps (${states} states, ${steps} steps, ${ends} ends) in ${seconds} s: ${name}`,
    );
    expect(violation).toBeUndefined();
    expect(schedules).toBeGreaterThan(10n);
  });
});

describe('a protocol that is broken in one place is found', { timeout: longestMs }, () => {
  it.each(mutations)('when $name', async (mutation) => {
    const { scenario: name, protocol, breaks } = mutation;
    const { violation } = await explore(() => createWorld(mutated(effects, mutation), scenario(name), protocol));
    expect(violation?.message).toContain(breaks);
  });

  it('and each statement of the protocol is broken at least once', () => {
    const broken = new Set(mutations.flatMap(({ sql }) => (sql ? [sql[0]] : [])));
    const written = ['look', 'claim', 'accept', 'release', 'conclude', 'unsent', 'doubt', 'decide'];
    expect([...broken]).toEqual(expect.arrayContaining(written.map((each) => `sends-${each}`)));
  });
});
