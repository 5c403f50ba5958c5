import { describe, expect, it } from 'vitest';

import { loadConfig } from '../config/load.ts';
import { type Happening, type Person, simulate, type SimulateOptions } from '../simulation/simulate.ts';
import { ada, mailsOf, said } from './support/calendar.ts';
import { noSecret } from '../config/environment.ts';

const cart = { cart_id: 'c_1', total: 300, currency: 'EUR' };
const order = 'order.completed {"order_id": "o_1", "cart_id": "c_1", "total": 300, "currency": "EUR"}';

const onboarding = (...on: Happening[]) => simulate('onboarding', ada, { on });

describe('the calendar of onboarding', () => {
  it('reads like what will happen to ada, who makes a project on the third day', async () => {
    const calendar = await onboarding('day 3: project.created {"project_id": "p_1"}');
    expect(calendar).toMatchObject({ ended: 'returned', outcome: 'activated' });
    expect(`\n${String(calendar)}\n`).toMatchInlineSnapshot(`
      "
      onboarding for Ada, in Europe/Berlin

      Tue 2026-11-24 10:00  starts     user.signed_up
                            mail       welcome        Welcome, Ada
                            waits      1 day for project.created
      Wed 2026-11-25 10:00  mail       first-project  Your first project in one minute
                            waits      3 days for project.created
      Fri 2026-11-27 10:00  hears      project.created
                            ends       activated
      "
    `);
  });

  it('ends as dormant after a week, when she makes none', async () => {
    const calendar = await onboarding();
    expect(calendar.outcome).toBe('dormant');
    expect(mailsOf(calendar)).toEqual([
      'Tue 2026-11-24 10:00 welcome',
      'Wed 2026-11-25 10:00 first-project',
      'Sat 2026-11-28 10:00 invite-team',
    ]);
    expect(calendar.entries.at(-1)).toMatchObject({ local: 'Tue 2026-12-01 10:00', what: 'ends' });
  });

  it('is the same every time, to the last word', async () => {
    const on = ['day 1: provider throttles for 3 hours', 'day 3: project.created'];
    expect(await onboarding(...on)).toEqual(await onboarding(...on));
  });

  it('has no mail for somebody who agreed to nothing, and none for somebody whose address nobody knows', async () => {
    const without = await simulate('onboarding', { ...ada, topics: [] });
    expect(without).toMatchObject({ outcome: 'no_consent', mails: [] });
    expect(said(without, 'no mail')).toEqual(['no consent to onboarding']);
    const { email: _, ...unreachable } = ada;
    expect((await simulate('onboarding', unreachable)).outcome).toBe('no_address');
  });

  it('waits a day for an address or a consent that no one has recorded, and says so once', async () => {
    const without = await simulate('onboarding', { ...ada, topics: [] });
    const what = 'no consent to onboarding has been recorded yet; it is waited for up to a day';
    expect(said(without, 'waits')).toEqual([what]);
    expect(without.entries.map(({ local, what }) => `${local} ${what}`)).toEqual([
      'Tue 2026-11-24 10:00 starts',
      'Tue 2026-11-24 10:00 waits',
      'Wed 2026-11-25 10:00 no mail',
      'Wed 2026-11-25 10:00 ends',
    ]);
    const { email: _, ...unreachable } = ada;
    const on = ['3 hours: contact.updated {"contact": {"email": "ada@example.com"}}'];
    expect((await simulate('onboarding', unreachable, { on })).mails).toHaveLength(3);
  });

  it('does not wait for the consent of somebody who revoked it', async () => {
    const calendar = await simulate('onboarding', { ...ada, topics: [] }, { on: ['2026-11-23 08:00: opts out'] });
    expect(said(calendar, 'waits')).toEqual([]);
    expect(calendar).toMatchObject({ outcome: 'no_consent', mails: [] });
  });

  it('has emails with the fields of the event that no run sees', async () => {
    const items = [{ name: 'Teapot', quantity: 1, price: 5 }];
    const payload = { order_id: 'o_1', total: 5, currency: 'EUR', items };
    expect((await simulate('receipt', ada, { payload })).mails).toHaveLength(1);
  });

  it('goes by the law of the country: an American needs to have said nothing', async () => {
    const grace = { ...ada, topics: [], country: 'US', time_zone: 'America/New_York' };
    expect((await simulate('onboarding', grace)).mails).toHaveLength(3);
  });
});

describe('somebody who wants no more', () => {
  it.each([
    ['opts out of the topic', 'opts out of onboarding', 'they opted out'],
    ['opts out of everything', 'opts out', 'they opted out'],
    ['has an address that bounces', 'bounces', 'the address does not exist'],
    ['complains', 'complains', 'they complained'],
    ['opts out by an event', 'consent.revoked {"consent": {"topics": ["onboarding"]}}', 'they opted out'],
  ])('%s: the journey ends at once, in the middle of a wait', async (_, happens, why) => {
    const calendar = await onboarding(`day 2 14:30: ${happens}`, 'day 3: project.created');
    expect(calendar.ended).toBe('cancelled');
    expect(calendar.outcome).toBeUndefined();
    expect(said(calendar, 'leaves')).toEqual([why]);
    expect(said(calendar, 'happens')).toEqual([happens.replace(/ \{.*/, '')]);
    expect(calendar.mails).toHaveLength(2);
    expect(calendar.entries.find(({ what }) => what === 'ends')).toMatchObject({ local: 'Thu 2026-11-26 14:30' });
    expect(calendar.entries.at(-1)).toMatchObject({ what: 'not heard', event: 'project.created' });
  });

  it('of another topic stays', async () => {
    expect((await onboarding('day 2: opts out of offers')).mails).toHaveLength(3);
  });

  it('before the start gets nothing', async () => {
    const calendar = await onboarding('2026-11-23 08:00: bounces');
    expect(calendar).toMatchObject({ outcome: 'suppressed', mails: [] });
  });

  it('gets their receipt all the same, unless the address is no good', async () => {
    const payload = { order_id: 'o_1', total: 5, currency: 'EUR' };
    const receipt = (on: string) => simulate('receipt', ada, { payload, on: [on] });
    expect((await receipt('2026-11-23 08:00: opts out')).outcome).toBe('sent');
    expect((await receipt('2026-11-23 08:00: bounces')).outcome).toBe('suppressed');
  });

  it('who complained gets a receipt only where complaints stop marketing alone', async () => {
    const { config } = loadConfig({ ...process.env, RIVULET_SECRET: noSecret });
    const payload = { order_id: 'o_1', total: 5, currency: 'EUR' };
    const receipt = (complaints_stop: 'all' | 'marketing') =>
      simulate('receipt', ada, {
        payload,
        on: ['2026-11-23 08:00: complains'],
        config: { ...config, suppression: { ...config.suppression, complaints_stop } },
      });
    expect((await receipt('marketing')).outcome).toBe('sent');
    expect((await receipt('all')).outcome).toBe('suppressed');
    const marketing = { ...config, suppression: { ...config.suppression, complaints_stop: 'marketing' as const } };
    const welcome = await simulate('onboarding', ada, { on: ['2026-11-23 08:00: complains'], config: marketing });
    expect(welcome.outcome).toBe('suppressed');
  });

  it('does not end a transactional journey', async () => {
    const calendar = await simulate('double-opt-in', ada, { on: ['day 1: opts out'] });
    expect(calendar.outcome).toBe('unconfirmed');
  });
});

describe('a provider in trouble', () => {
  it('that throttles gets the mail when it is over, and the days after that move with it', async () => {
    const calendar = await onboarding('day 1: provider throttles for 3 hours');
    expect(mailsOf(calendar)).toEqual([
      'Tue 2026-11-24 10:00 welcome',
      'Wed 2026-11-25 13:05 first-project',
      'Sat 2026-11-28 13:05 invite-team',
    ]);
    const [retries, ...more] = calendar.entries.filter(({ what }) => what === 'retries');
    expect(retries).toMatchObject({ template: 'first-project', why: 'the provider throttles', tries: 22 });
    expect(more).toEqual([]);
  });

  it('that is away is probed every minute, and gets the mail within one', async () => {
    const calendar = await onboarding('day 1: provider is away for 2 hours');
    expect(mailsOf(calendar)[1]).toBe('Wed 2026-11-25 12:00 first-project');
  });

  it('for longer than a simulation waits ends it', async () => {
    const on = ['day 1: provider is away for 3 hours'] as const;
    const calendar = await simulate('onboarding', ada, { on, mostSteps: 100 });
    expect(calendar).toMatchObject({ ended: 'unfinished', why: expect.stringContaining('after 101 steps') });
    expect(await simulate('onboarding', ada, { on })).toMatchObject({ outcome: 'dormant' });
  });

  it('does not keep a mail that nobody needs any more', async () => {
    const on = ['3 hours: provider is away for 1 day', `5 hours: ${order}`];
    const calendar = await simulate('cart-recovery', ada, { payload: cart, on });
    expect(calendar).toMatchObject({ outcome: 'recovered', mails: [] });
    expect(said(calendar, 'no mail')).toEqual(['given up before it was sent']);
  });
});

describe('a journey that listens', () => {
  it('hears only what its route says; the rest is told as not heard', async () => {
    const calendar = await onboarding(`day 1: ${order}`, '2026-11-20: project.created');
    expect(calendar.outcome).toBe('dormant');
    expect(said(calendar, 'not heard')).toEqual([
      'before the start: nothing hears it',
      'onboarding does not listen for it; it listens for project.created. It starts receipt, by itself',
    ]);
  });

  it('is told of an event of the very moment at which it would go on without it', async () => {
    expect((await onboarding('day 1: project.created')).mails).toHaveLength(1);
  });

  it('hears the order of its own cart, and of no other', async () => {
    const calendar = (on: string) => simulate('cart-recovery', ada, { payload: cart, on: [on] });
    const own = await calendar(`3 hours: ${order}`);
    expect(own.outcome).toBe('recovered');
    expect(said(own, 'hears')).toEqual([undefined]);
    const other = await calendar(`3 hours: ${order.replace('c_1', 'c_2')}`);
    expect(other.outcome).toBe('lost');
    expect(said(other, 'hears')).toEqual([]);
    expect(said(other, 'not heard')).toEqual(['it is not meant for this run: the condition of its listenFor says no']);
  });

  it('is known to have taken an event however long its story is, of which the first lines are lost', async () => {
    const on = Array.from({ length: 90 }, (_, index) => ({
      at: `${index} hours`,
      event: 'trial.extended',
      payload: { trial_ends_at: Date.parse('2027-02-01T12:00Z') },
    }));
    const payload = { trial_ends_at: Date.parse('2027-01-01T12:00Z') };
    expect(said(await simulate('trial-ending', ada, { payload, on }), 'hears')).toHaveLength(90);
  });

  it('says what was made up of an event of which only the type was told', async () => {
    expect(said(await onboarding('day 3: project.created'), 'hears')).toEqual(['made up: project_id']);
  });

  it('hears the order of its own cart too where only the type was told, but an order that is told has what was told', async () => {
    const calendar = await simulate('cart-recovery', ada, { payload: cart, on: ['day 1: order.completed'] });
    expect(calendar.outcome).toBe('recovered');
    expect(said(calendar, 'hears')).toEqual(['made up: order_id; as at the start: total, currency, cart_id']);
    const ofNoCart = 'day 1: order.completed {"order_id": "o_1", "total": 5, "currency": "EUR"}';
    expect((await simulate('cart-recovery', ada, { payload: cart, on: [ofNoCart] })).outcome).toBe('lost');
  });
});

describe('a journey about a date', () => {
  const endOf = ({ entries }: Awaited<ReturnType<typeof simulate>>) => entries.at(-1)?.local;

  it('needs none: it is in two weeks, and the calendar says what was made up', async () => {
    const calendar = await simulate('trial-ending', ada);
    expect(said(calendar, 'starts')).toEqual(['made up: trial_ends_at (two weeks later)']);
    expect(mailsOf(calendar)).toEqual([
      'Sat 2026-12-05 09:00 trial-ends-soon',
      'Mon 2026-12-07 09:00 trial-ends-tomorrow',
    ]);
    expect(endOf(calendar)).toBe('Tue 2026-12-08 10:00');
  });

  it('that is moved is moved to two weeks after that', async () => {
    expect(endOf(await simulate('trial-ending', ada, { on: ['day 5: trial.extended'] }))).toBe('Sun 2026-12-13 10:00');
  });

  it.each([
    ['2026-12-20', 'Europe/Berlin', 'Sun 2026-12-20 00:00'],
    ['2026-12-20', 'America/New_York', 'Sun 2026-12-20 00:00'],
    ['2026-12-20', undefined, 'Sun 2026-12-20 00:00'],
    ['2026-12-20T18:30', 'America/New_York', 'Sun 2026-12-20 18:30'],
    ['2026-12-20T18:30Z', 'America/New_York', 'Sun 2026-12-20 13:30'],
  ])('takes %s for a moment of somebody in %s: %s', async (trial_ends_at, time_zone, local) => {
    const { time_zone: _, ...known } = ada;
    const person = { ...known, ...(time_zone !== undefined && { time_zone }) };
    expect(endOf(await simulate('trial-ending', person, { payload: { trial_ends_at } }))).toBe(local);
    const on = [{ at: 'day 2', event: 'trial.extended', payload: { trial_ends_at } }];
    expect(endOf(await simulate('trial-ending', person, { on }))).toBe(local);
  });

  it('takes a date where they are by then', async () => {
    const on = ['day 1: moves to Asia/Tokyo', 'day 2: trial.extended {"trial_ends_at": "2026-12-20"}'];
    expect(endOf(await simulate('trial-ending', ada, { on }))).toBe('Sun 2026-12-20 00:00');
  });
});

it('a worker that dies at any time changes nothing', async () => {
  const on = ['day 1: provider is away for 2 hours', 'day 3: project.created'];
  const expected = await onboarding(...on);
  for (const when of ['0 seconds', '1 hour', '25 hours', 'day 2']) {
    const { entries, outcome } = await onboarding(`${when}: worker restarts`, ...on);
    expect(outcome).toBe('activated');
    expect(entries.filter(({ why }) => why !== 'worker restarts')).toEqual(expected.entries);
  }
});

describe('what makes no sense is refused, with what would be right', () => {
  const on = (happening: string) => ['onboarding', ada, { on: [happening] }] as const;
  it.each<[string, readonly [string, unknown, SimulateOptions?], string]>([
    ['a journey that does not exist', ['onbording', ada], 'There are: onboarding, receipt'],
    ['a misspelt field of the person', ['onboarding', { nmae: 'Ada' }], 'there is no "nmae"; there are user_id, '],
    ['a zone that does not exist', ['onboarding', { time_zone: 'Europe/Bern' }], 'such as Europe/Berlin'],
    ['a topic that does not exist', ['onboarding', { topics: ['offer'] }], 'no topic "offer". There are: onboarding'],
    ['an address as id', ['onboarding', { user_id: 'ada@example.com' }], 'user_id must be 1 to 128'],
    ['a start that is no time', ['onboarding', ada, { from: 'tomorrow' }], 'Write it as "2026-11-24T10:00"'],
    ['29 February of 2027', ['onboarding', ada, { from: '2027-02-29T10:00' }], '"2027-02-29T10:00" is no time'],
    ['a wrong field of the event', ['cart-recovery', ada, { payload: { total: 'five' } }], 'payload.total'],
    ['a moment that is none', ['trial-ending', ada, { payload: { trial_ends_at: 'soon' } }], 'payload.trial_ends_at'],
    ['a moment in seconds', ['trial-ending', ada, { payload: { trial_ends_at: 1_797_436_800 } }], 'is it in seconds?'],
    [
      'an unknown field of the event',
      ['onboarding', ada, { payload: { plna: 'pro' } }],
      'no field "plna". There are: plan',
    ],
    ['a happening without a time', on('project.created'), 'write "day 3: project.created"'],
    ['a time that is none', on('day three: bounces'), '"day three: bounces": "day three" is no time'],
    ['an event that does not exist', on('day 1: project.creted'), 'There are: user.signed_up, project.created'],
    ['something that cannot happen', on('day 1: dances'), 'nobody knows "dances". There are: '],
    ['an event that lacks a field', on('day 1: project.created {}'), 'payload.project_id'],
    ['a payload that is not JSON', on('day 1: project.created {project}'), 'is not valid JSON'],
    ['a topic to leave that does not exist', on('day 1: opts out of offer'), 'There are: onboarding, offers'],
    ['a template that does not exist', on('day 1: clicks welcom'), 'There are: receipt, welcome'],
    ['a move to nowhere', on('day 1: moves to Mars/Base'), 'an IANA time zone such as Europe/Berlin'],
    ['trouble of no length', on('day 1: provider is away for long'), '"long" is no duration'],
  ])('%s', async (_, [journey, person, options], says) => {
    await expect(simulate(journey, person as Person, options)).rejects.toThrow(says);
  });
});
