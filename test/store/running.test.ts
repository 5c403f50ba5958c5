import { randomUUID } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import { createRunningJourneys as inMemory } from '../../store/memory/running.ts';
import { createRunningJourneys } from '../../store/postgres/running.ts';
import type { RunningJourney, RunningJourneys } from '../../store/running.ts';
import { ownDatabase } from '../support/database.ts';

const database = ownDatabase();
const monday = Date.parse('2026-11-02T09:00:00Z');
const tuesday = monday + 86_400_000;

const onboarding: RunningJourney = {
  workflowId: 'w_1',
  journey: 'onboarding',
  listensFor: ['project.created'],
  since: monday,
  registeredAt: monday,
};

interface Implementation {
  running: RunningJourneys;
  /** Time passes for the entries of this person. */
  later(userId: string, ms: number): Promise<unknown>;
}

function inPostgres(): Implementation {
  const text = `UPDATE running_journey SET checked_at = checked_at - $2::bigint * interval '1 ms' WHERE user_id = $1`;
  return {
    running: createRunningJourneys(database.postgres),
    later: (userId, ms) => database.postgres.query({ name: 'test-age-running', text }, [userId, ms]),
  };
}

function memory(): Implementation {
  let now = Date.now();
  return { running: inMemory(() => now), later: async (_, ms) => (now += ms) };
}

describe.each([
  ['Postgres', inPostgres],
  ['memory', memory],
])('running journeys in %s', (_, create) => {
  let running: RunningJourneys;
  let later: Implementation['later'];
  let ada: string;
  beforeEach(() => {
    ({ running, later } = create());
    ada = `ada_${randomUUID()}`;
  });

  it('are found while they run, and forgotten one by one', async () => {
    expect(await running.of(ada)).toEqual([]);
    await running.register(ada, onboarding);
    await running.register(ada, { ...onboarding, workflowId: 'w_2', registeredAt: tuesday });
    await running.forget(ada, 'w_1');
    expect(await running.of(ada)).toEqual([{ ...onboarding, workflowId: 'w_2', registeredAt: tuesday }]);
    expect(await running.of(`grace_${randomUUID()}`)).toEqual([]);
  });

  it('are found by what they listen for, if they began before it happened', async () => {
    const cart = (workflowId: string, since: number): RunningJourney => ({
      workflowId,
      journey: 'cart-recovery',
      listensFor: ['order.completed', 'cart.emptied'],
      since,
      registeredAt: since,
    });
    for (const journey of [cart('c_2', tuesday), onboarding, cart('c_1', monday)]) await running.register(ada, journey);
    await running.register(`grace_${randomUUID()}`, cart('c_3', monday));
    const found = async (type: string, at: number) =>
      (await running.listening(ada, type, at)).map(({ workflowId }) => workflowId);
    expect(await found('order.completed', tuesday)).toEqual(['c_1', 'c_2']);
    expect(await found('cart.emptied', tuesday - 1)).toEqual(['c_1']);
    expect(await found('project.created', monday)).toEqual(['w_1']);
    expect(await found('project.created', monday - 1)).toEqual([]);
    expect(await running.listening(ada, 'project.created', monday)).toEqual([onboarding]);
  });

  it('that have ended leave together, whoever they are about', async () => {
    const grace = `grace_${randomUUID()}`;
    for (const workflowId of ['w_1', 'w_2', 'w_3']) await running.register(ada, { ...onboarding, workflowId });
    await running.register(grace, onboarding);
    const ended = [
      { userId: ada, workflowId: 'w_1' },
      { userId: ada, workflowId: 'w_3' },
      { userId: grace, workflowId: 'w_1' },
      { userId: grace, workflowId: 'w_2' },
    ];
    expect(await running.forgetEnded(ended)).toBe(3);
    expect((await running.of(ada)).map(({ workflowId }) => workflowId)).toEqual(['w_2']);
    expect(await running.of(grace)).toEqual([]);
    expect(await running.forgetEnded(ended)).toBe(0);
  });

  it('come back as they were registered', async () => {
    const offers: RunningJourney = { ...onboarding, listensFor: [], topic: 'offers' };
    const receipt: RunningJourney = { ...onboarding, workflowId: 'w_2', transactional: true };
    await running.register(ada, offers);
    await running.register(ada, receipt);
    expect(await running.of(ada)).toEqual([offers, receipt]);
  });

  it('do not look new when their event is delivered again', async () => {
    await running.register(ada, onboarding);
    await running.register(ada, { ...onboarding, registeredAt: tuesday });
    expect(await running.of(ada)).toEqual([onboarding]);
  });

  it('that were not checked for long are handed out once, to one of two that ask, until they are old again', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `w_${index}`);
    for (const workflowId of ids) await running.register(ada, { ...onboarding, workflowId });
    expect(await running.stale(60_000, 100)).toEqual([]);

    await later(ada, 60_001);
    const both = await Promise.all([running.stale(60_000, 4), running.stale(60_000, 4)]);
    expect(both.map((some) => some.length)).toEqual([4, 4]);
    const handedOut = [...both.flat(), ...(await running.stale(60_000, 4))];
    expect(handedOut.map(({ workflowId }) => workflowId).toSorted()).toEqual(ids);
    expect(handedOut.find(({ workflowId }) => workflowId === 'w_1')).toEqual({ userId: ada, ...onboarding });
    expect(await running.stale(60_000, 4)).toEqual([]);

    await later(ada, 60_001);
    expect(await running.stale(60_000, 100)).toHaveLength(10);
    for (const workflowId of ids) await running.forget(ada, workflowId);
    await later(ada, 60_001);
    expect(await running.stale(60_000, 100)).toEqual([]);
  });
});
