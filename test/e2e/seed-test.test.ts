import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { startSystem, type System } from '../support/system.ts';

let system: System;
const seeds = ['seed-one@example.com', 'seed-two@example.com'];

beforeAll(async () => {
  const journeys = { 'win-back': { enabled: false } };
  system = await startSystem(inject('servers'), { seeds, journeys });
  await Promise.all([system.startIngress(), system.startWorker()]);
});
afterAll(() => system.stop());

const subjectsTo = (to: string) => system.ses.mailbox.list({ to }).map(({ subject }) => subject);

interface Report {
  address: string;
  well: boolean;
  steps: { what: string; well: boolean; says: string }[];
}

describe('rivulet seed-test', () => {
  it('takes each seed through a whole week in a moment: emission, rules, words, delivery, feedback', async () => {
    const { code, out, err } = await system.rivulet('seed-test onboarding --locale de');
    expect([code, err]).toEqual([0, '']);
    const subjects = ['Willkommen, Ada Lovelace', 'Ihr erstes Projekt in einer Minute', expect.any(String)];
    for (const seed of seeds) expect(subjectsTo(seed).toReversed()).toEqual(subjects);
    const [first = ''] = out.split('\n\n');
    expect(first).toMatch(/^seed-one@example\.com {2}\(seed-1-\w{8}, run [\w-]+\)\n/);
    expect(first).toMatch(/^ {2}ok {4}emission {3}user\.signed_up published to MARKETING_EVENTS #\d+$/m);
    expect(first).toMatch(/^ {2}ok {4}rules {6}entered onboarding$/m);
    expect(first).toMatch(/^ {2}ok {4}rendering {2}welcome@[0-9a-f]{12} \(de\) "Willkommen, Ada Lovelace"$/m);
    expect(first.match(/^ {2}ok {4}delivery {3}[\w-]+: sent \S+$/gm)).toHaveLength(3);
    expect(first.match(/^ {2}ok {4}feedback {3}[\w-]+: send, delivery$/gm)).toHaveLength(3);
    expect(first).toMatch(/^ {2}ok {4}run {8}completed, its waits skipped: "dormant"$/m);
    expect(out).toMatch(/^onboarding: 2 seeds, all well$/m);
  });

  it('says which rule keeps the seeds out', async () => {
    const { code, out } = await system.rivulet('seed-test win-back --json');
    expect(code).toBe(1);
    const reports = JSON.parse(out) as Report[];
    expect(reports.map(({ well, steps }) => [well, steps.at(-1)?.what, steps.at(-1)?.says])).toEqual(
      seeds.map(() => [false, 'rules', expect.stringMatching(/^did not enter win-back \(disabled\)/)]),
    );
  });

  it('says that a seed bounces', async () => {
    const other = await startSystem(inject('servers'), {
      seeds: ['bounce@simulator.amazonses.com'],
      beside: system,
    });
    try {
      const { code, out, err } = await other.rivulet('seed-test receipt');
      expect([code, err], out).toEqual([1, '1 of the steps went wrong.\n']);
      expect(out).toMatch(/^ {2}ok {4}delivery {3}receipt: sent \S+$/m);
      expect(out).toMatch(/^ {2}FAIL {2}feedback {3}receipt: send, bounce$/m);
    } finally {
      await other.stop();
    }
  });

  it.each([
    ['seed-test onbording', 'No event starts a journey "onbording": is it "onboarding"?'],
    ['seed-test receipt --set total=much', 'Nothing was published: payload.total'],
  ])('%s is refused before anything is published', async (command, message) => {
    const before = await system.stream.manager.streams.info('MARKETING_EVENTS');
    expect(await system.rivulet(command)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
    const after = await system.stream.manager.streams.info('MARKETING_EVENTS');
    expect(after.state.messages).toBe(before.state.messages);
  });
});
