import { randomUUID } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type ConsentRecord,
  type ConsentState,
  type ConsentStatement,
  inForce,
  recordFor,
  recordInForce,
} from '../../store/consents.ts';
import { createConsents } from '../../store/postgres/consents.ts';
import { failAt, ownDatabase } from '../support/database.ts';
import { day, implementations, monday, postgresStores, someone } from '../support/people-stores.ts';

const tuesday = monday + day;
const wednesday = tuesday + day;

const stating = (state: ConsentState, at: number, topics = ['offers'], captured_at?: number): ConsentStatement => ({
  id: randomUUID(),
  state,
  consent: { topics, ...(captured_at !== undefined && { captured_at }) },
  at,
});

const state = fc.constantFrom('granted' as const, 'revoked' as const, 'pending' as const);
const statement = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  state,
  topics: fc.uniqueArray(fc.constantFrom('offers', 'onboarding', '*'), { minLength: 1 }),
  at: fc.integer({ min: monday, max: monday + 5 }),
  beside: fc.boolean(),
});

describe.each(implementations)('consents in %s', (_, start) => {
  const stores = start();

  it('are about one topic, not another', async () => {
    const { consents } = stores();
    const ada = someone();
    await consents.record(ada, stating('granted', monday));
    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
    expect(await consents.stateOf(ada, 'onboarding')).toBe('none');
    expect(await consents.stateOf(someone(), 'offers')).toBe('none');
  });

  it('an opt-out on Tuesday holds when an event of Wednesday carries the consent of Monday', async () => {
    const { consents } = stores();
    const ada = someone();
    await consents.record(ada, stating('granted', monday));
    await consents.record(ada, stating('revoked', tuesday));
    await consents.record(ada, stating('granted', wednesday, ['offers'], monday));
    expect(await consents.stateOf(ada, 'offers')).toBe('revoked');
  });

  it('a consent given on Wednesday counts again', async () => {
    const { consents } = stores();
    const ada = someone();
    await consents.record(ada, stating('revoked', tuesday));
    await consents.record(ada, stating('granted', wednesday));
    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
  });

  it('an opt-out that arrives late is older than the consent of Wednesday', async () => {
    const { consents } = stores();
    const ada = someone();
    await consents.record(ada, stating('granted', wednesday));
    await consents.record(ada, stating('revoked', tuesday));
    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
  });

  it('at the same instant the opt-out counts, whichever comes first', async () => {
    const { consents } = stores();
    const [ada, grace] = [someone(), someone()];
    for (const state of ['granted', 'revoked'] as const) await consents.record(ada, stating(state, monday));
    for (const state of ['revoked', 'granted'] as const) await consents.record(grace, stating(state, monday));
    expect(await consents.stateOf(ada, 'offers')).toBe('revoked');
    expect(await consents.stateOf(grace, 'offers')).toBe('revoked');
  });

  it('an opt-out from everything counts for every topic until a later consent to one', async () => {
    const { consents } = stores();
    const ada = someone();
    await consents.record(ada, stating('granted', monday, ['offers', 'onboarding']));
    await consents.record(ada, stating('revoked', tuesday, ['*']));
    await consents.record(ada, stating('granted', wednesday, ['onboarding']));
    expect(await consents.stateOf(ada, 'offers')).toBe('revoked');
    expect(await consents.stateOf(ada, 'onboarding')).toBe('granted');
    expect(await consents.stateOf(ada, 'a-topic-of-tomorrow')).toBe('revoked');
  });

  it('asking again takes nothing from a grant, in either order; after an opt-out it is pending', async () => {
    const { consents } = stores();
    const [ada, bob, grace] = [someone(), someone(), someone()];
    await consents.record(ada, stating('granted', monday));
    await consents.record(ada, stating('pending', tuesday));
    await consents.record(bob, stating('pending', tuesday));
    await consents.record(bob, stating('granted', monday));
    await consents.record(grace, stating('revoked', monday));
    await consents.record(grace, stating('pending', tuesday));
    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
    expect(await consents.stateOf(bob, 'offers')).toBe('granted');
    expect(await consents.stateOf(grace, 'offers')).toBe('pending');
  });

  it('the log only grows, each id and topic once, and what is in force follows from it alone', async () => {
    const { consents } = stores();
    await fc.assert(
      fc.asyncProperty(fc.array(statement, { maxLength: 10 }), async (statements) => {
        const ada = someone();
        const log: Pick<ConsentRecord, 'id' | 'topic' | 'state' | 'captured_at' | 'incidental'>[] = [];
        for (const { id, state, topics, at, beside } of statements) {
          const incidental = beside && state === 'granted';
          await consents.record(ada, { id, state, consent: { topics }, at, incidental });
          for (const topic of topics) {
            if (log.some((each) => each.id === `${id}/${topic}`)) continue;
            log.push({ id: `${id}/${topic}`, topic, state, captured_at: at, ...(incidental && { incidental }) });
          }
        }
        const history = await consents.history(ada);
        expect(history.map(({ id }) => id).toSorted()).toEqual(log.map(({ id }) => id).toSorted());
        const derived = (topic: string) => recordFor(topic, log);
        for (const topic of ['offers', 'onboarding']) {
          expect(await consents.stateOf(ada, topic)).toBe(inForce(derived(topic), derived('*')));
        }
        const now = Object.entries(await consents.now(ada)).map(([topic, { state }]) => [topic, state]);
        const expected = ['offers', 'onboarding', '*'].map((topic) => [topic, derived(topic)?.state]);
        expect(now.toSorted()).toEqual(expected.filter(([, each]) => each !== undefined).toSorted());
      }),
      { numRuns: 60 },
    );
  });

  it('a grant beside something else counts, and undoes no opt-out, of its topic or of all, before or after it', async () => {
    const { consents } = stores();
    const [ada, bob, grace] = [someone(), someone(), someone()];
    const beside = (at: number): ConsentStatement => ({ ...stating('granted', at), incidental: true });
    await consents.record(ada, beside(monday));
    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
    for (const user of [ada, bob]) {
      await consents.record(user, stating('revoked', tuesday));
      await consents.record(user, beside(wednesday));
      expect(await consents.stateOf(user, 'offers')).toBe('revoked');
    }
    await consents.record(grace, beside(wednesday));
    await consents.record(grace, stating('revoked', monday, ['*']));
    expect(await consents.stateOf(grace, 'offers')).toBe('revoked');
    for (const user of [ada, grace]) {
      await consents.record(user, stating('granted', wednesday));
      expect(await consents.stateOf(user, 'offers')).toBe('granted');
    }
  });

  it('asking again after an opt-out of everything is pending, in either order, and what was granted before does not count', async () => {
    const { consents } = stores();
    const [ada, bob] = [someone(), someone()];
    const [granted, left, asked] = [
      stating('granted', monday),
      stating('revoked', tuesday, ['*']),
      stating('pending', wednesday),
    ] as const;
    for (const said of [granted, left, asked]) await consents.record(ada, said);
    for (const said of [granted, asked, left]) await consents.record(bob, said);
    for (const user of [ada, bob]) {
      expect(await consents.stateOf(user, 'offers')).toBe('pending');
      expect((await consents.now(user))['offers']).toMatchObject({ state: 'pending' });
      await consents.record(user, stating('granted', wednesday + 1));
      expect(await consents.stateOf(user, 'offers')).toBe('granted');
    }
  });

  it('an opt-out older than the last request ends the grant that it is newer than', async () => {
    const { consents, personVersion } = stores();
    const ada = someone();
    await consents.record(ada, stating('pending', wednesday));
    await consents.record(ada, stating('granted', monday));
    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
    const version = Number(await personVersion(ada));
    await consents.record(ada, stating('revoked', tuesday));
    expect(await consents.stateOf(ada, 'offers')).toBe('pending');
    expect(await personVersion(ada)).toBe(version + 1);
  });

  it('keep every field that the law asks for, and the text that was shown', async () => {
    const { consents } = stores();
    const ada = someone();
    const given = {
      topics: ['offers'],
      source: 'sign-up form',
      wording: 'Yes, send me offers about once a week.',
      captured_at: monday,
      basis: 'consent' as const,
      actor: 'support_7',
      locale: 'de',
      ip: '192.0.2.1',
      user_agent: 'Browser',
      confirmed_at: monday + 60_000,
      evidence: 'form-81',
    };
    await consents.record(ada, { id: 'e1', state: 'granted', consent: given, at: monday + 5 });
    const no = { topics: ['offers'], source: 'link' };
    await consents.record(ada, { id: 'e2', state: 'revoked', consent: no, at: monday + 9 });
    const { topics: _, ...fields } = given;
    const common = { topic: 'offers', channel: 'email', received_at: expect.closeTo(Date.now(), -5) };
    const first = { ...common, id: 'e1/offers', state: 'granted', ...fields };
    const last = {
      ...common,
      id: 'e2/offers',
      state: 'revoked',
      captured_at: monday + 9,
      source: 'link',
      supersedes: 'e1/offers',
    };
    expect(await consents.history(ada)).toEqual([first, last]);
    expect(await consents.now(ada)).toEqual({ offers: last });
  });

  it('keep moments that a producer with a wrong clock names', async () => {
    const { consents } = stores();
    const ada = someone();
    const latest = 99_999_999_999_999;
    await consents.record(ada, stating('granted', latest));
    expect(await consents.history(ada)).toMatchObject([{ captured_at: latest }]);
  });

  it('a repeated statement changes nothing: no record, no fact, no version', async () => {
    const { consents, facts, personVersion } = stores();
    const ada = someone();
    const record = (state: ConsentState, at: number) =>
      consents.record(ada, { id: 'e1', state, consent: { topics: ['offers', 'offers'] }, at });
    await record('granted', monday);
    const version = await personVersion(ada);
    await record('granted', monday);
    await record('revoked', monday + 1);
    expect(await consents.history(ada)).toMatchObject([{ state: 'granted', captured_at: monday }]);
    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
    expect(await facts({ user_id: ada })).toHaveLength(1);
    expect(await personVersion(ada)).toBe(version);
  });

  it('a statement without topics records nothing and creates no person', async () => {
    const { consents, personVersion } = stores();
    const ada = someone();
    await consents.record(ada, stating('granted', monday, []));
    expect([await consents.history(ada), await personVersion(ada)]).toEqual([[], undefined]);
  });

  it('each record is a fact, without the source that others write', async () => {
    const { consents, facts } = stores();
    const ada = someone();
    const consent = { topics: ['offers'], source: 'called from 555-0177' };
    await consents.record(ada, { id: 'e1', state: 'pending', consent, at: monday });
    await consents.record(ada, { id: 'e2', state: 'granted', consent, at: tuesday });
    await consents.record(ada, { id: 'e3', state: 'revoked', consent, at: wednesday });
    await consents.record(ada, { id: 'e4', state: 'granted', consent, at: monday + 1 });
    const fact = (id: string, what: string, at: number, in_force: boolean) => ({
      id: `consent/${ada}/${id}/offers`,
      at,
      what,
      topic: 'offers',
      details: { in_force },
    });
    expect(await facts({ user_id: ada })).toEqual([
      fact('e1', 'consent_requested', monday, true),
      fact('e2', 'consent_granted', tuesday, true),
      fact('e3', 'consent_revoked', wednesday, true),
      fact('e4', 'consent_granted', monday + 1, false),
    ]);
  });

  it('create the person when they come first, and the contact that follows changes the version', async () => {
    const { consents, contacts, personVersion } = stores();
    const ada = someone();
    await consents.record(ada, stating('granted', monday));
    const before = await personVersion(ada);
    expect(before).toBeGreaterThan(0);
    await contacts.record(ada, { email: 'ada@example.com' }, monday);
    expect(await personVersion(ada)).toBe(Number(before) + 1);
    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
  });

  it('ten writers of one person at the same time lose nothing', async () => {
    const { consents, contacts, facts, personVersion } = stores();
    const ada = someone();
    const states = ['granted', 'revoked', 'pending'] as const;
    const statements = Array.from({ length: 10 }, (_, index) =>
      stating(states[index % 3]!, monday + ((index * 7) % 10)),
    );
    await Promise.all([
      ...statements.map((each) => consents.record(ada, each)),
      contacts.record(ada, { email: 'ada@example.com' }, monday),
      contacts.record(ada, { name: 'Ada' }, monday),
    ]);
    const expected = recordInForce(statements.map(({ state, at }) => ({ state, captured_at: at })));
    expect(await consents.now(ada)).toMatchObject({ offers: expected });
    expect(await consents.history(ada)).toHaveLength(10);
    expect(await facts({ user_id: ada })).toHaveLength(10);
    expect(await contacts.find(ada)).toEqual({ email: 'ada@example.com', name: 'Ada' });
    const cameIntoForce = (await facts({ user_id: ada })).filter(
      ({ details }) => 'in_force' in details && details.in_force,
    );
    // The first one creates the person; the contact changes the version unless it came first.
    expect(Number(await personVersion(ada)) - 1 - cameIntoForce.length).toBeOneOf([0, 1]);
  });
});

describe('the record in force', () => {
  it('does not depend on the order in which statements arrive', () => {
    const records = fc.array(fc.record({ state, captured_at: fc.integer({ min: 1, max: 4 }) }), { maxLength: 7 });
    const shuffled = records.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(recordInForce(other)).toEqual(recordInForce(one));
      }),
    );
  });

  it('is never a grant or a request from before the last opt-out or from the same instant', () => {
    const records = fc.array(fc.record({ state, captured_at: fc.integer({ min: 1, max: 4 }) }), { maxLength: 7 });
    fc.assert(
      fc.property(records, (all) => {
        const optOuts = all.filter((each) => each.state === 'revoked').map(({ captured_at }) => captured_at);
        const found = recordInForce(all);
        if (optOuts.length === 0 || found?.state === 'revoked') return;
        expect(found?.captured_at).toBeGreaterThan(Math.max(...optOuts));
      }),
    );
  });
});

describe('consents in Postgres', () => {
  const own = ownDatabase();

  it('keep a wording once, however many agree to it', async () => {
    const consents = createConsents(own.postgres);
    const consent = { topics: ['offers'], wording: 'the same' };
    await Promise.all(
      Array.from({ length: 5 }, () => consents.record(someone(), { id: 'e1', state: 'granted', consent, at: monday })),
    );
    expect(await own.postgres.query({ name: 'wordings', text: 'SELECT wording FROM wording' })).toEqual([
      { wording: 'the same' },
    ]);
  });

  it('survive characters that others may write and Postgres cannot store', async () => {
    const consents = createConsents(own.postgres);
    const ada = someone();
    const consent = { topics: ['of\0fers'], source: 'half \uD83D of it', wording: 'a\0b' };
    await consents.record(ada, { id: 'e1', state: 'granted', consent, at: monday });
    await consents.record(ada, { id: 'e1', state: 'granted', consent, at: monday });
    expect(await consents.history(ada)).toMatchObject([
      { topic: 'offers', source: 'half \uFFFD of it', wording: 'ab' },
    ]);
  });

  it('record all of a statement or nothing of it, whichever query fails', async () => {
    const stores = postgresStores(own.postgres);
    const ada = someone();
    let queries = 0;
    for (let failing = 0; ; failing++) {
      queries = 0;
      const breaking = failAt(own.postgres, () => queries++ === failing);
      const failed = await createConsents(breaking)
        .record(ada, stating('granted', monday))
        .then(
          () => false,
          () => true,
        );
      const seen = [
        await stores.personVersion(ada),
        await stores.consents.history(ada),
        await stores.facts({ user_id: ada }),
      ];
      if (!failed) {
        expect(seen).toMatchObject([2, [{ state: 'granted' }], [{ what: 'consent_granted' }]]);
        break;
      }
      expect(seen).toEqual([undefined, [], []]);
    }
    expect(queries).toBe(4);
  });
});
