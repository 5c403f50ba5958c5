import { beforeEach, describe, expect, it } from 'vitest';

import { createStops as createMemoryStops } from '../../store/memory/stops.ts';
import { createStops as createPostgresStops } from '../../store/postgres/stops.ts';
import type { StopFact } from '../../store/stop-rules.ts';
import { type Gate, type Halt, providerUnreliable, type Stops, stopsBefore } from '../../store/stops.ts';
import { ownDatabase } from '../support/database.ts';

const own = ownDatabase(20);

interface Implementation {
  stops: Stops;
  /** The same stops as another process has them. */
  elsewhere: Stops;
  /** Lets time pass. */
  later(ms: number): Promise<void>;
  facts(): Promise<Omit<StopFact, 'at'>[]>;
}

const implementations: Record<string, () => Promise<Implementation>> = {
  async memory() {
    let late = 0;
    const recorded: StopFact[] = [];
    const record = (fact: StopFact) => void recorded.push(fact);
    const stops = createMemoryStops({ now: () => Date.now() + late, record });
    return {
      stops,
      elsewhere: stops,
      later: async (ms) => void (late += ms),
      facts: async () =>
        recorded.map(({ what, journey, topic, details }) => ({
          what,
          ...(journey && { journey }),
          ...(topic && { topic }),
          details,
        })),
    };
  },
  async Postgres() {
    await sql('DELETE FROM stop');
    await sql('DELETE FROM fact');
    return {
      stops: createPostgresStops(own.postgres),
      elsewhere: createPostgresStops(own.postgres),
      later: async (ms) =>
        void (await sql(
          `UPDATE stop SET since = since - interval '${ms} ms', probed_at = probed_at - interval '${ms} ms'`,
        )),
      facts: async () =>
        (await sql<StopFact>('SELECT what, journey, topic, details FROM fact ORDER BY tableoid, ctid')).map(
          ({ what, journey, topic, details }) => ({
            what,
            ...(journey && { journey }),
            ...(topic && { topic }),
            details,
          }),
        ),
    };
  },
};

function sql<Row extends object>(text: string): Promise<Row[]> {
  return own.postgres.query<Row>({ name: '', text });
}

const paused: Halt = { scope: 'account', reason: 'SendingPausedException', detail: 'paused', opens: 'probe' };
const suspended: Halt = { scope: 'account', reason: 'AccountSuspendedException', detail: 'shut', opens: 'operator' };
const unreliable: Halt = { scope: 'provider', reason: providerUnreliable, detail: '5 in a row', opens: 'probe' };

describe.each(Object.entries(implementations))('stops in %s', (_, open) => {
  let stops: Stops;
  let elsewhere: Stops;
  let later: Implementation['later'];
  let facts: Implementation['facts'];
  beforeEach(async () => {
    ({ stops, elsewhere, later, facts } = await open());
  });

  const gate = async (): Promise<Gate> => {
    const [found] = await stops.gates();
    if (!found) throw new Error('no gate is closed');
    return found;
  };

  describe('a gate', () => {
    it('is closed once, says why and since when, and is open after it was opened', async () => {
      expect(await stops.gates()).toEqual([]);
      expect(await stops.close(paused)).toBe(true);
      expect(await elsewhere.close(paused)).toBe(false);
      expect(await elsewhere.gates()).toEqual([{ ...paused, since: expect.any(Number) }]);
      expect(Math.abs((await gate()).since - Date.now())).toBeLessThan(5_000);
      expect(await stops.open('account')).toBe(true);
      expect(await stops.open('account')).toBe(false);
      expect(await stops.gates()).toEqual([]);
    });

    it('is closed by one of ten that close it at once, and opened by one of ten', async () => {
      const ten = (act: (of: Stops) => Promise<boolean>) =>
        Promise.all(Array.from({ length: 10 }, (_, index) => act(index % 2 ? stops : elsewhere)));
      expect((await ten((of) => of.close(paused))).filter(Boolean)).toHaveLength(1);
      expect((await ten((of) => of.open('account'))).filter(Boolean)).toHaveLength(1);
      expect((await facts()).map(({ what }) => what)).toEqual(['gate_closed', 'gate_opened']);
    });

    it('that an operator has to open is not weakened, and one that a probe opens is hardened', async () => {
      await stops.close(paused);
      const { since } = await gate();
      await stops.probed('account', 'still paused');
      expect(await stops.close(suspended)).toBe(false);
      expect(await stops.gates()).toEqual([{ ...suspended, since }]);
      expect(await stops.close(paused)).toBe(false);
      expect(await stops.close(suspended)).toBe(false);
      expect(await stops.gates()).toEqual([{ ...suspended, since }]);
    });

    it('remembers what the last probe found; one that was opened meanwhile is not closed by that', async () => {
      await stops.close(paused);
      await stops.probed('account', 'still paused');
      expect(await elsewhere.gates()).toMatchObject([{ lastProbe: 'still paused' }]);
      await stops.open('account');
      await stops.probed('account', 'still paused');
      expect(await stops.gates()).toEqual([]);
    });

    it('is opened by a probe only if it is still the one that was probed', async () => {
      await stops.close(paused);
      const probed = await gate();
      expect(await stops.openProbed({ ...probed, since: probed.since - 1 })).toBe(false);
      await stops.close(suspended);
      expect(await stops.openProbed(probed)).toBe(false);
      await stops.open('account');
      await stops.close(paused);
      expect(await stops.openProbed(await gate())).toBe(true);
      expect(await stops.gates()).toEqual([]);
      expect(await stops.openProbed(probed)).toBe(false);
    });

    it('is probed by one of ten, not before its time, and again after that time', async () => {
      await stops.close(paused);
      const closed = await gate();
      const asked = async () => {
        const answers = Array.from({ length: 10 }, (_, index) =>
          (index % 2 ? stops : elsewhere).probeIsDue(closed, 60_000),
        );
        return (await Promise.all(answers)).filter(Boolean).length;
      };
      expect(await asked()).toBe(0);
      await later(60_000);
      expect(await asked()).toBe(1);
      expect(await asked()).toBe(0);
      await later(60_000);
      expect(await asked()).toBe(1);
      await stops.open('account');
      expect(await asked()).toBe(0);
    });

    it('is not probed sooner because what a probe found was recorded', async () => {
      await stops.close(paused);
      await later(60_000);
      expect(await stops.probeIsDue(await gate(), 60_000)).toBe(true);
      await stops.probed('account', 'still paused');
      expect(await stops.probeIsDue(await gate(), 60_000)).toBe(false);
    });

    it('records each change as a fact, and nothing where nothing changes', async () => {
      await stops.close(paused);
      await stops.close(paused);
      await stops.close(suspended);
      await stops.open('account');
      await stops.open('account');
      await stops.close(unreliable);
      await stops.openProbed(await gate());
      const { detail: _, ...about } = paused;
      const { detail: __, ...harder } = suspended;
      const { detail: ___, ...breaker } = unreliable;
      expect(await facts()).toEqual([
        { what: 'gate_closed', details: about },
        { what: 'gate_closed', details: harder },
        { what: 'gate_opened', details: { scope: 'account', reason: suspended.reason, by: 'operator' } },
        { what: 'gate_closed', details: breaker },
        { what: 'gate_opened', details: { scope: 'provider', reason: providerUnreliable, by: 'probe' } },
      ]);
    });
  });

  describe('a pause', () => {
    it('holds until it is ended, and each is ended by itself', async () => {
      expect(await stops.pause('all')).toBe(true);
      const [first] = await stops.pauses();
      expect(await elsewhere.pause('all')).toBe(false);
      await stops.pause('journey:onboarding');
      expect(await stops.pauses()).toEqual([first, { scope: 'journey:onboarding', since: expect.any(Number) }]);
      expect(await elsewhere.resume('all')).toBe(true);
      expect(await stops.resume('all')).toBe(false);
      expect((await stops.pauses()).map(({ scope }) => scope)).toEqual(['journey:onboarding']);
      expect(await stops.gates()).toEqual([]);
    });

    it('and its end are facts of the journey or topic that they are about', async () => {
      await stops.pause('all');
      await stops.pause('all');
      await stops.pause('journey:onboarding');
      await stops.pause('topic:offers');
      await stops.resume('topic:offers');
      await stops.resume('topic:offers');
      expect(await facts()).toEqual([
        { what: 'paused', details: { scope: 'all' } },
        { what: 'paused', journey: 'onboarding', details: { scope: 'journey:onboarding' } },
        { what: 'paused', topic: 'offers', details: { scope: 'topic:offers' } },
        { what: 'resumed', topic: 'offers', details: { scope: 'topic:offers' } },
      ]);
    });
  });
});

describe('what can stop an email', () => {
  it('is its sender by address and by domain, its configuration set, its journey and its topic, and what stops all', () => {
    expect(
      stopsBefore({
        from: 'Rivulet <Hello@Example.com>',
        configurationSet: 'rivulet',
        journey: 'onboarding',
        topic: 'offers',
      }),
    ).toEqual([
      'gate/account',
      'gate/credentials',
      'gate/provider',
      'gate/identity:hello@example.com',
      'gate/identity:example.com',
      'gate/configuration:rivulet',
      'pause/all',
      'pause/journey:onboarding',
      'pause/topic:offers',
    ]);
  });
});
