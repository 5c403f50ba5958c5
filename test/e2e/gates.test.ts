import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import type { FaultAction } from '../../local/ses/faults.ts';
import { orderCompleted, person, signedUp } from '../support/events.ts';
import { waitOf } from '../support/runs.ts';
import { type ProductProcess, startSystem, type System } from '../support/system.ts';

let system: System;
let workers: ProductProcess[];

beforeAll(async () => {
  system = await startSystem(inject('servers'), { probeEvery: '2s' });
  [, ...workers] = await Promise.all([system.startIngress(), system.startWorker(), system.startWorker()]);
});
afterEach(async () => {
  system.ses.faults.clear();
  for (const { scope } of await system.store.stops.gates()) await system.store.stops.open(scope);
  for (const { scope } of await system.store.stops.pauses()) await system.store.stops.resume(scope);
  system.ses.record.reset();
});
afterAll(() => system.stop());

type Person = ReturnType<typeof person>;
const people = (count: number, name = 'ada') => Array.from({ length: count }, () => person(name));
const mailsTo = ({ email }: Person) => system.ses.mailbox.list({ to: email }).length;
const refusal = (name: string, message: string, status = 400): FaultAction => ({
  type: 'error',
  name,
  status,
  message,
});

async function order(who: Person): Promise<string> {
  const event = orderCompleted(who);
  await system.publish(event);
  return event.event_id;
}

async function signUp(who: Person): Promise<string> {
  const event = signedUp(who);
  await system.publish(event);
  return event.event_id;
}

const everyoneHasOne = (all: Person[]) =>
  expect.poll(() => all.map(mailsTo), { timeout: 40_000 }).toEqual(all.map(() => 1));
const waitsFor = (runId: string, type: string) =>
  expect
    .poll(
      () =>
        waitOf(system.client, runId).then(
          (wait) => wait?.type,
          () => undefined,
        ),
      { timeout: 30_000 },
    )
    .toBe(type);
const closedGates = async () => (await system.store.stops.gates()).map(({ scope }) => scope);
const requests = () => system.ses.record.stats().requests;
const readings = () => (requests()['GetAccount'] ?? 0) + (requests()['GetConfigurationSet'] ?? 0);

async function shownByWorker({ url }: ProductProcess): Promise<{ gates: { scope: string }[]; pauses: object[] }> {
  return (await fetch(`${url}/readyz`)).json() as never;
}

describe('while SES has paused sending', () => {
  it('thirty mails wait, SES is asked by readings alone and once a second, and all leave when it goes on', async () => {
    system.ses.faults.update({ sendingEnabled: false });
    const all = people(30);
    const runs = await Promise.all(all.map(order));
    await Promise.all(runs.map((run) => waitsFor(run, 'GateClosed')));
    expect(await closedGates()).toEqual(['account']);
    for (const worker of workers) {
      await expect
        .poll(async () => (await shownByWorker(worker)).gates.map(({ scope }) => scope), { timeout: 10_000 })
        .toEqual(['account']);
    }
    // Those that were on their way when it closed have been refused; nobody asks again by sending.
    const tried = requests()['SendEmail'] ?? 0;
    expect(tried).toBeLessThanOrEqual(all.length);

    system.ses.record.reset();
    const began = Date.now();
    await expect.poll(readings, { timeout: 40_000 }).toBeGreaterThanOrEqual(6);
    const seconds = (Date.now() - began) / 1_000;
    expect(readings()).toBeLessThanOrEqual(seconds + 2);
    expect(Object.keys(requests()).sort()).toEqual(['GetAccount', 'GetConfigurationSet']);
    for (const run of runs) {
      expect((await system.client.workflow.getHandle(run).describe()).status.name).toBe('RUNNING');
    }

    system.ses.faults.update({ sendingEnabled: true });
    await everyoneHasOne(all);
    expect(requests()['SendEmail']).toBe(30);
    expect(await closedGates()).toEqual([]);
    expect(await Promise.all(runs.map((run) => system.client.workflow.getHandle(run).result()))).toEqual(
      all.map(() => 'sent'),
    );
  });
});

describe('a suspended account', () => {
  it('stays closed whatever a probe would say, until a person opens the gate', async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    const suspended = refusal('AccountSuspendedException', 'Permanently restricted.');
    system.ses.faults.add({ match: { to: ada.email }, times: 1, action: suspended });
    await waitsFor(await order(ada), 'GateClosed');
    await waitsFor(await order(grace), 'GateClosed');
    expect(await system.store.stops.gates()).toMatchObject([{ scope: 'account', opens: 'operator' }]);
    // SES says that all is well, and is asked how fast it may go: the gate stays closed all the same.
    system.ses.record.reset();
    await expect.poll(() => requests()['GetAccount'] ?? 0, { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
    expect(requests()['SendEmail']).toBeUndefined();
    expect(await closedGates()).toEqual(['account']);

    expect(await system.rivulet('gate open account')).toMatchObject({ code: 0 });
    await everyoneHasOne([ada, grace]);
  });
});

describe('one person whose mail is refused', () => {
  it('stops nobody else, and closes no gate', async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    const text = `Email address is not verified. The following identities failed the check in region EU: ${ada.email}`;
    system.ses.faults.add({ match: { to: ada.email }, action: refusal('MessageRejected', text) });
    const run = await order(ada);
    await order(grace);
    await everyoneHasOne([grace]);
    await expect
      .poll(async () => (await system.client.workflow.getHandle(run).describe()).status.name, { timeout: 20_000 })
      .toBe('FAILED');
    expect([mailsTo(ada), await closedGates()]).toEqual([0, []]);
  });
});

describe('what a mail is sent from, or through,', () => {
  it('holds all mail while the identity of the sender is not verified, and lets it go when it is', async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    const text = 'Email address is not verified. The following identities failed the check in region EU: example.com';
    const failing = refusal('NotFoundException', 'Email identity does not exist.', 404);
    const verified = system.ses.faults.add({ match: { operation: 'GetEmailIdentity' }, action: failing });
    system.ses.faults.add({ match: { to: ada.email }, times: 1, action: refusal('MessageRejected', text) });
    await waitsFor(await order(ada), 'GateClosed');
    await waitsFor(await signUp(grace), 'GateClosed');
    expect(await closedGates()).toEqual(['identity:example.com']);
    await expect.poll(() => requests()['GetEmailIdentity'] ?? 0, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    expect([mailsTo(ada), mailsTo(grace)]).toEqual([0, 0]);

    verified();
    await everyoneHasOne([ada, grace]);
  });

  it('holds all mail while the configuration set is missing, and lets it go when it is there', async () => {
    system.ses.faults.update({ missingConfigurationSets: ['rivulet'] });
    const all = people(3);
    const runs = await Promise.all(all.map(order));
    await Promise.all(runs.map((run) => waitsFor(run, 'GateClosed')));
    expect(await closedGates()).toEqual(['configuration:rivulet']);
    await expect.poll(() => requests()['GetConfigurationSet'] ?? 0, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    expect(all.map(mailsTo)).toEqual([0, 0, 0]);

    system.ses.faults.update({ missingConfigurationSets: [] });
    await everyoneHasOne(all);
  });
});

describe('rivulet pause', () => {
  /** What is paused, whose mail it stops, whose it does not. */
  const cases: [what: string, stopped: typeof order, free: typeof order][] = [
    ['--journey receipt', order, signUp],
    ['--journey onboarding', signUp, order],
    ['--topic onboarding', signUp, order],
  ];

  it.each(cases)('%s stops those mails from the next one on, and no others', async (what, stopped, free) => {
    const before = person('ada');
    await stopped(before);
    await everyoneHasOne([before]);
    expect(await system.rivulet(`pause ${what}`)).toMatchObject({ code: 0 });
    const [held, others] = [people(5), people(5, 'grace')];
    const runs = await Promise.all(held.map(stopped));
    await Promise.all(others.map((who) => free(who)));
    await everyoneHasOne(others);
    await Promise.all(runs.map((run) => waitsFor(run, 'Paused')));
    expect(held.map(mailsTo)).toEqual(held.map(() => 0));
    for (const worker of workers) {
      await expect.poll(async () => (await shownByWorker(worker)).pauses, { timeout: 10_000 }).toHaveLength(1);
    }

    expect(await system.rivulet(`resume ${what}`)).toMatchObject({ code: 0 });
    await everyoneHasOne([...held, ...others, before]);
  });

  it('--all stops all mail, and resume lets each leave once', async () => {
    expect(await system.rivulet('pause --all')).toMatchObject({ code: 0 });
    const all = people(10);
    const runs = await Promise.all(all.map((who, index) => (index % 2 ? signUp(who) : order(who))));
    await Promise.all(runs.map((run) => waitsFor(run, 'Paused')));
    expect(requests()['SendEmail']).toBeUndefined();
    expect(await system.rivulet('resume --all')).toMatchObject({ code: 0 });
    await everyoneHasOne(all);
    expect(requests()['SendEmail']).toBe(10);
  });
});
