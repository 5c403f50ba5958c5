import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import type { Everything, Known } from '../cli/person/known.ts';
import { factAbout } from '../store/facts.ts';
import { createStore, type Store } from '../store/store.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { databasePerTest } from './support/database.ts';
import { secret } from './support/secrets.ts';

const servers = inject('servers');
const own = databasePerTest();
const monday = Date.UTC(2026, 0, 5, 9);
const day = 86_400_000;
let redis: Redis;
let folder: string;
/** What a worker with the same rivulet.yaml remembers; each test has its own. */
let store: Store;

beforeAll(() => {
  redis = new Redis(servers.redis);
  folder = mkdtempSync(join(tmpdir(), 'rivulet-person-'));
});
afterAll(() => {
  redis.disconnect();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  const keyPrefix = `cli-person-${randomUUID()}:`;
  const topics = { onboarding: { title: 'Getting started' }, offers: { title: 'Offers' } };
  writeFileSync(join(folder, 'rivulet.yaml'), JSON.stringify({ suppression: { key_prefix: keyPrefix }, topics }));
  store = createStore({ postgres: own.postgres, redis }, { keyPrefix, secret, rateLimit: 10, quotaReserve: 0.1 });
});

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs the command as an operator does, whose machine does not know RIVULET_SECRET. */
function person(command: string): Promise<Ran> {
  const mine = {
    REDIS_URL: servers.redis,
    POSTGRES_URL: own.url,
    RIVULET_CONFIG: join(folder, 'rivulet.yaml'),
    RIVULET_SECRET: '',
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiledCli, 'person', ...command.split(' ')],
      { cwd: folder, env: { ...process.env, ...mine } },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

const ada = 'u_ada';
const hash = () => store.addressHash('ada@example.com');

/** Ada of Germany signed up on Monday, agreed to both topics, and took one back on Tuesday. */
async function adaSignsUp(): Promise<void> {
  await store.contacts.record(ada, { email: 'ada@example.com', name: 'Ada', country: 'DE' }, monday);
  const consent = { topics: ['onboarding', 'offers'], source: 'form', wording: 'Yes, mail me.' };
  await store.consents.record(ada, { id: 'sign-up', state: 'granted', consent, at: monday });
  const no = { topics: ['offers'], source: 'link' };
  await store.consents.record(ada, { id: 'opt-out', state: 'revoked', consent: no, at: monday + day });
}

describe('rivulet person', () => {
  it('tells for each topic whether they may be mailed, and by what word of theirs', async () => {
    await adaSignsUp();
    const { code, out, err } = await person(ada);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^ {2}address {8}a…@example\.com$/m);
    expect(out).not.toContain('ada@example.com');
    expect(out).toMatch(/^ {2}country {8}DE$/m);
    expect(out).toMatch(/^ {2}consent {8}marketing mail needs their consent$/m);
    expect(out).toMatch(/^ {2}transactional {2}yes$/m);
    expect(out).toMatch(/^ {2}onboarding {5}yes; agreed 2026-01-05 09:00:00 UTC \(form\)$/m);
    expect(out).toMatch(/^ {2}offers {9}no: no consent; opted out 2026-01-06 09:00:00 UTC \(link\)$/m);
    expect(out).toContain('Suppressions: none\nBounces in a row: none\nJourneys that may be running: none\n');
  });

  it('tells of the word that is in force when they opted out of everything, and when they came back', async () => {
    await adaSignsUp();
    const all = { topics: ['*'], source: 'page' };
    await store.consents.record(ada, { id: 'all', state: 'revoked', consent: all, at: monday + 2 * day });
    const back = { topics: ['offers'], source: 'form' };
    await store.consents.record(ada, { id: 'back', state: 'granted', consent: back, at: monday + 3 * day });
    const { out } = await person(ada);
    expect(out).toMatch(/^ {2}onboarding {5}no: no consent; opted out 2026-01-07 09:00:00 UTC \(page\)$/m);
    expect(out).toMatch(/^ {2}offers {9}yes; agreed 2026-01-08 09:00:00 UTC \(form\)$/m);
  });

  it('tells of suppressions, bounces, running journeys, what happened, and what stops everybody', async () => {
    await adaSignsUp();
    const complaint = { reason: 'complaint', scope: 'marketing', since: monday, source: 'feedback' } as const;
    await store.suppressions.add(hash(), complaint);
    const streak = { softBounces: 3, softSince: monday, noDomain: 0, timeouts: 1, seen: [] };
    await store.recipients.remember(hash(), streak);
    await store.facts.record([
      factAbout(hash(), { at: monday, what: 'soft_bounce', in_a_row: 1, feedback: 'f1' }),
      factAbout(hash(), { at: monday + day, what: 'clicked', by: 'human', template: 'welcome' }),
    ]);
    const journey = { workflowId: 'event-1', journey: 'onboarding', listensFor: [], since: monday, registeredAt: 1 };
    await store.running.register(ada, journey);
    await store.stops.pause('topic:offers');
    const { out } = await person(ada);
    expect(out).toMatch(/^ {2}transactional {2}yes$/m);
    expect(out).toMatch(/^ {2}onboarding {5}no: the address is suppressed; agreed/m);
    expect(out).toContain(
      [
        'Suppressions:',
        '  complaint: stops marketing mail since 2026-01-05 09:00:00 UTC (feedback)',
        'Bounces in a row:',
        '  3 soft, the first 2026-01-05 09:00:00 UTC',
        '  suppressed for a time 1 times so far',
        'Journeys that may be running:',
        '  onboarding since 2026-01-05 09:00:00 UTC, run event-1',
        'What happened last:',
        '  2026-01-05 09:00:00 UTC  consent granted  in_force: true',
        '  2026-01-05 09:00:00 UTC  consent granted  in_force: true',
        '  2026-01-05 09:00:00 UTC  soft bounce  in_a_row: 1',
        '  2026-01-05 09:00:00 UTC  suppressed  scope: marketing, reason: complaint, source: feedback',
        '  2026-01-06 09:00:00 UTC  consent revoked  in_force: true',
        'Opens and clicks:',
        '  2026-01-06 09:00:00 UTC  clicked  by: human, template: welcome',
        'Still paused: topic:offers (npx --no rivulet pause --list)',
      ].join('\n'),
    );
  });

  it('asks an American for nothing, and mails nobody without an address', async () => {
    await store.contacts.record('u_1', { country: 'US', name: 'Grace' }, monday);
    const { out } = await person('u_1');
    expect(out).toMatch(/^ {2}address {8}none$/m);
    expect(out).toMatch(/^ {2}consent {8}marketing mail until they object$/m);
    expect(out).toMatch(/^ {2}offers {9}no: no address is known; they have said nothing$/m);
    await store.contacts.record('u_1', { email: 'grace@example.com' }, monday);
    expect((await person('u_1')).out).toMatch(/^ {2}offers {9}yes; they have said nothing$/m);
  });

  it('does not let the words of others act on the terminal', async () => {
    await store.contacts.record(ada, { email: 'ada@example.com' }, monday);
    const consent = { topics: ['offers'], source: '\u001b[2Jform\nx' };
    await store.consents.record(ada, { id: 'sign-up', state: 'granted', consent, at: monday });
    expect((await person(ada)).out).toMatch(/\(\?\[2Jform\?x\)$/m);
  });

  it('--json gives the same, for programs', async () => {
    await adaSignsUp();
    const { code, out } = await person(`${ada} --json`);
    expect(code).toBe(0);
    const known = JSON.parse(out) as Known;
    expect(known).toMatchObject({
      user_id: ada,
      contact: { email: 'a…@example.com', name: 'Ada', country: 'DE' },
      address_hash: hash(),
      consent_model: 'opt_in',
      transactional: { may: true },
      suppressions: [],
      bounces: { soft: 0, no_domain: 0, suppressed_for_a_time: 0 },
      running: [],
    });
    expect(known.topics).toEqual([
      { topic: 'onboarding', may: true, state: 'granted', since: monday, source: 'form' },
      { topic: 'offers', may: false, why: 'no_consent', state: 'revoked', since: monday + day, source: 'link' },
    ]);
  });

  it('--export gives everything that is kept, with the address and every word they were shown', async () => {
    await adaSignsUp();
    await store.facts.record([factAbout(hash(), { at: monday, what: 'clicked', by: 'human' })]);
    const { code, out } = await person(`${ada} --export`);
    expect(code).toBe(0);
    const everything = JSON.parse(out) as Everything;
    expect(everything.contact).toEqual({ email: 'ada@example.com', name: 'Ada', country: 'DE' });
    expect(everything.consents.map(({ topic, state, wording }) => [topic, state, wording]).toSorted()).toEqual([
      ['offers', 'granted', 'Yes, mail me.'],
      ['offers', 'revoked', undefined],
      ['onboarding', 'granted', 'Yes, mail me.'],
    ]);
    expect(everything.engagement).toHaveLength(1);
    expect(everything).toMatchObject({ suppressions: [], running: [] });
    const consent = ['consent_granted', 'consent_granted', 'consent_revoked'];
    expect(everything.facts.map(({ what }) => what)).toEqual(consent);
  });

  it('of nobody fails with exit code 1, and of an address with 2', async () => {
    const nobody = await person('u_nobody');
    expect(nobody).toEqual({ code: 1, out: '', err: 'Nothing is known about "u_nobody".\n' });
    const address = await person('ada@example.com');
    expect([address.code, address.out]).toEqual([2, '']);
    expect(address.err).toContain("Give the person's id, not an address.");
  });
});
