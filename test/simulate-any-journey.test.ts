import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';

import { simulate, type SimulateOptions } from '../simulation/simulate.ts';
import { ada, said } from './support/calendar.ts';

describe('any journey of plain Temporal', () => {
  let bundle: { code: string };
  beforeAll(async () => {
    const workflowsPath = fileURLToPath(new URL('./support/asking-journeys.ts', import.meta.url));
    bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  });
  const other = (journey: string, options: Omit<SimulateOptions, 'journeys'> = {}) =>
    simulate(journey, ada, { ...options, journeys: { bundle, startedBy: 'user.signed_up' } });

  it.each([
    ['10 years', 'Sun 2036-11-23 22:00'],
    ['0', 'Tue 2026-11-24 10:00'],
    ['29 days', 'Wed 2026-12-23 10:00'],
  ])('may wait for %s', async (plan, local) => {
    const calendar = await other('waits', { payload: { plan } });
    expect(calendar.outcome).toBe('waited');
    expect(calendar.entries.at(-1)).toMatchObject({ local, what: 'ends' });
  });

  it('may await nothing', async () => {
    expect(await other('awaitsNothing')).toMatchObject({ ended: 'returned', outcome: 'at once' });
  });

  it('may listen by itself, and is taken to hear what its route names', async () => {
    const journeys = { bundle, startedBy: 'user.signed_up', route: { listensFor: ['project.created'] } } as const;
    const calendar = await simulate('listensByItself', ada, { on: ['day 1: project.created'], journeys });
    expect(calendar.outcome).toBe('heard');
    expect(said(calendar, 'hears')).toEqual(['made up: project_id']);
  });

  it.each([
    ['neverEnds', 'after 25 years'],
    ['asksForEver', 'turns the simulation is over'],
    ['waitsForWhatNeverComes', 'nothing more happens'],
  ])('%s: the simulation ends, and says so', async (journey, why) => {
    const calendar = await other(journey);
    expect(calendar).toMatchObject({ ended: 'unfinished', why: expect.stringContaining(why) });
    expect(calendar.entries.at(-1)).toMatchObject({ what: 'stops', why: calendar.why });
  });

  it('may give up a wait, and nothing of it is left', async () => {
    const calendar = await other('changesItsMind');
    expect(calendar.entries.at(-1)).toMatchObject({ local: 'Wed 2026-11-25 10:00', what: 'stops' });
  });

  it('that asks for an activity that is not there fails, and says which there are', async () => {
    const { ended, why } = await other('asksForWhatIsNotThere');
    expect(ended).toBe('failed');
    expect(why).toContain('there is no activity "tellFortune"; there are checkConsent, ');
  });

  it('gets a last look at consent at the moment of sending, however long the mail has waited', async () => {
    const on = ['0 seconds: provider is away for 1 day', '2 hours: opts out of onboarding'];
    const calendar = await other('sendsTwice', { on });
    expect(calendar).toMatchObject({ ended: 'returned', mails: [] });
    expect(said(calendar, 'no mail')[0]).toBe('no consent to onboarding');
  });

  it('that has a bug is stuck, and it says where', async () => {
    const calendar = await other('hasABug');
    expect(calendar.ended).toBe('stuck');
    expect(calendar.why).toMatch(/reading 'total'\) \(test\/support\/asking-journeys\.ts:\d+:\d+\)/);
    expect(calendar.entries.at(-1)?.why).toContain('Temporal would try this turn again for ever');
  });

  it('may fail on purpose', async () => {
    const calendar = await other('failsOnPurpose');
    expect(calendar).toMatchObject({ ended: 'failed', why: expect.stringMatching(/^UnknownPlan: no such plan/) });
  });

  it('that looks at the real clock is found out when a worker dies', async () => {
    const calendar = await other('looksAtTheClock', { on: ['day 1: worker restarts'] });
    expect(calendar).toMatchObject({ ended: 'stuck', why: expect.stringContaining('not deterministic') });
  });

  it('may go on in new runs, and may be patched', async () => {
    expect(await other('goesOnInANewRun', { on: ['day 1 12:00: worker restarts'] })).toMatchObject({ outcome: 3 });
    expect(await other('isPatched', { on: ['day 1: worker restarts'] })).toMatchObject({ outcome: 'new' });
  });

  it('may be cancelled', async () => {
    expect((await other('neverEnds', { on: ['day 400: is cancelled'] })).ended).toBe('cancelled');
  });

  it('that starts another cannot be simulated yet, and says so', async () => {
    await expect(other('startsAChild')).rejects.toThrow('startsAChild uses "startChildWorkflowExecution"');
  });

  it('sends one mail for one key, as the ledger has it', async () => {
    const calendar = await other('sendsTwice');
    expect(calendar).toMatchObject({ outcome: ['sent', 'sent', 'sent'], mails: { length: 2 } });
  });

  it('may ask whether somebody clicked', async () => {
    expect((await other('asksClicked')).outcome).toBe(false);
    expect((await other('asksClicked', { on: ['2026-11-24 09:00: clicks welcome'] })).outcome).toBe(true);
  });
});
