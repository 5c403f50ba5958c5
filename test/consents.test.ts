import { randomUUID } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type ConsentRecord, inForce } from '../state/consents.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { consentModel } from '../config/consent-model.ts';
import { monday, redisOfThisFile } from './support/scene.ts';

const redis = redisOfThisFile();
const memoryOfItsOwn = (): Memory =>
  createMemory(redis(), {
    keyPrefix: `consents-test-${randomUUID()}:`,
    secret: 'ab'.repeat(32),
    rateLimit: 1,
    quotaReserve: 0,
    rememberSendsMs: 60_000,
  });

const saying = fc.record({
  id: fc.string({ minLength: 1, maxLength: 4 }),
  state: fc.constantFrom('granted' as const, 'revoked' as const, 'pending' as const),
  topics: fc.uniqueArray(fc.constantFrom('offers', 'onboarding', '*'), { minLength: 1 }),
  at: fc.integer({ min: monday, max: monday + 5 }),
});

/** The rule in plain code: later words win, an opt-out wins a tie, asking for a confirmation takes nothing away. */
function derived(records: ConsentRecord[], topic: string): ConsentRecord | undefined {
  let known: ConsentRecord | undefined;
  for (const record of records.filter((each) => each.topic === topic)) {
    const newer =
      !known ||
      known.captured_at < record.captured_at ||
      (known.captured_at === record.captured_at && record.state === 'revoked');
    if (newer && !(record.state === 'pending' && known?.state === 'granted')) known = record;
  }
  return known;
}

describe('the consent log', () => {
  it('only grows, and what is in force follows from it alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(saying, { maxLength: 12 }), async (sayings) => {
        const memory = memoryOfItsOwn();
        const log: ConsentRecord[] = [];
        for (const { id, state, topics, at } of sayings) {
          await memory.consents.record('ada', { id, state, consent: { topics }, at });
          for (const topic of topics) {
            if (log.some((each) => each.id === `${id}/${topic}`)) continue;
            log.push({ id: `${id}/${topic}`, topic, channel: 'email', state, captured_at: at, received_at: 0 });
          }
        }
        const history = await memory.consents.history('ada');
        expect(history.map(({ id }) => id).toSorted()).toEqual(log.map(({ id }) => id).toSorted());
        for (const topic of ['offers', 'onboarding']) {
          const expected = inForce(derived(log, topic), derived(log, '*'));
          expect(await memory.consents.stateOf('ada', topic)).toBe(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps every field that the law asks for, and the words that were shown', async () => {
    const { consents } = memoryOfItsOwn();
    const wording = 'Yes, send me offers about once a week.';
    const given = {
      topics: ['offers'],
      source: 'sign-up form',
      wording,
      captured_at: monday,
      basis: 'consent' as const,
      actor: 'support_7',
      locale: 'de',
      ip: '192.0.2.1',
      user_agent: 'Browser',
      confirmed_at: monday + 60_000,
      evidence: 'form-81',
    };
    await consents.record('ada', { id: 'e1', state: 'granted', consent: given, at: monday + 5 });
    await consents.record('ada', {
      id: 'e2',
      state: 'revoked',
      consent: { topics: ['offers'], source: 'link' },
      at: monday + 9,
    });
    const { topics: _, ...fields } = given;
    expect(await consents.history('ada')).toEqual([
      {
        id: 'e1/offers',
        topic: 'offers',
        channel: 'email',
        state: 'granted',
        received_at: expect.any(Number),
        ...fields,
      },
      {
        id: 'e2/offers',
        topic: 'offers',
        channel: 'email',
        state: 'revoked',
        captured_at: monday + 9,
        received_at: expect.any(Number),
        source: 'link',
        supersedes: 'e1/offers',
      },
    ]);
  });

  it('is not changed by a second record of the same id, nor what is in force', async () => {
    const { consents } = memoryOfItsOwn();
    const record = (state: 'granted' | 'revoked', at: number) =>
      consents.record('ada', { id: 'e1', state, consent: { topics: ['offers'] }, at });
    await record('granted', monday);
    await record('revoked', monday + 1);
    expect(await consents.history('ada')).toMatchObject([{ state: 'granted', captured_at: monday }]);
    expect(await consents.stateOf('ada', 'offers')).toBe('granted');
  });

  it('is no worse for somebody who has agreed and asks again; who has left and asks again waits', async () => {
    const { consents } = memoryOfItsOwn();
    const record = (user: string, state: 'granted' | 'revoked' | 'pending', at: number) =>
      consents.record(user, { id: `${state}-${at}`, state, consent: { topics: ['offers'] }, at });
    await record('ada', 'granted', monday);
    await record('ada', 'pending', monday + 1);
    await record('grace', 'revoked', monday);
    await record('grace', 'pending', monday + 1);
    expect([await consents.stateOf('ada', 'offers'), await consents.stateOf('grace', 'offers')]).toEqual([
      'granted',
      'pending',
    ]);
  });

  it('keeps a wording once, however many agree to it', async () => {
    const prefix = `consents-test-${randomUUID()}:`;
    const { consents } = createMemory(redis(), {
      keyPrefix: prefix,
      secret: 'ab'.repeat(32),
      rateLimit: 1,
      quotaReserve: 0,
      rememberSendsMs: 1,
    });
    for (const person of ['ada', 'grace']) {
      await consents.record(person, {
        id: person,
        state: 'granted',
        consent: { topics: ['offers'], wording: 'the same' },
        at: monday,
      });
    }
    expect(await redis().keys(`${prefix}wording:*`)).toHaveLength(1);
  });
});

describe('what a country asks for', () => {
  const compliance = { gdpr: true, ccpa: true, consent_check: true };

  it.each([
    ['DE', compliance, 'opt_in'],
    ['GB', compliance, 'opt_in'],
    ['US', compliance, 'opt_out'],
    ['JP', compliance, 'opt_in'],
    [undefined, compliance, 'opt_in'],
    ['DE', { ...compliance, gdpr: false }, 'opt_out'],
    [undefined, { ...compliance, gdpr: false }, 'opt_in'],
    ['US', { ...compliance, ccpa: false }, 'opt_in'],
    ['DE', { ...compliance, consent_check: false }, 'opt_out'],
    [undefined, { ...compliance, consent_check: false }, 'opt_out'],
  ] as const)('%s under %o: %s', (country, rules, model) => {
    expect(consentModel(rules, country)).toBe(model);
  });
});
