import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { event, orderCompleted, person, projectCreated, signedUp } from '../support/events.ts';
import { personalFieldsIn } from '../support/no-personal-fields.ts';
import { payloadsOf } from '../support/payloads.ts';
import { type ProductProcess, startSystem, type System } from '../support/system.ts';
import { unprocessed } from '../support/unprocessed.ts';

let system: System;
let ingress: ProductProcess;
let worker: ProductProcess;

beforeAll(async () => {
  system = await startSystem(inject('servers'), {
    journeys: { 'cart-recovery': { when: 'event.payload.total >= 20' } },
  });
  [ingress, worker] = await Promise.all([system.startIngress(), system.startWorker()]);
});
afterAll(() => system.stop());

const resultOf = (id: string) => system.client.workflow.getHandle(id).result();
const mailsTo = (to: string) => system.ses.mailbox.list({ to });

/** What the run's email waits for, as an operator sees it in the Temporal UI. */
const waitOf = async (id: string) => {
  const run = await system.client.workflow
    .getHandle(id)
    .describe()
    .catch(() => undefined);
  return run?.raw.pendingActivities?.[0]?.lastFailure?.applicationFailureInfo?.type;
};

/** Waits until ingress has answered everything that was published. */
async function takenIn(): Promise<void> {
  while ((await unprocessed(system.stream)) > 0) await sleep(50);
}

describe('one event', () => {
  it('of a paid order becomes one receipt, and its id is the id of the run', async () => {
    const ada = person('ada');
    const order = orderCompleted(ada);
    await system.publish(order);
    await expect.poll(() => mailsTo(ada.email).length, { timeout: 20_000 }).toBe(1);
    expect(await resultOf(order.event_id)).toBe('sent');
    const mail = mailsTo(ada.email)[0];
    expect(mail?.subject).toBe('Your receipt for order o_1');
  });

  it('published 50 times, also after its run has ended, gives one run and one mail', async () => {
    const ada = person('ada');
    const order = orderCompleted(ada);
    for (let time = 0; time < 25; time++) await system.publish(order);
    await expect.poll(() => mailsTo(ada.email).length, { timeout: 20_000 }).toBe(1);
    await resultOf(order.event_id);
    for (let time = 0; time < 25; time++) await system.publish(order, 'marketing.events');
    await takenIn();
    const runs = [];
    for await (const run of system.client.workflow.list({ query: `UserId = "${ada.user_id}"` }))
      runs.push(run.workflowId);
    expect(runs).toEqual([order.event_id]);
    expect(mailsTo(ada.email)).toHaveLength(1);
  });

  it('for someone whose address is not known yet waits, and is sent when an event brings the address', async () => {
    const late = person('late');
    const order = event('order.completed', late.user_id, { order_id: 'o_2', total: 1, currency: 'EUR' });
    await system.publish(order);
    await expect.poll(() => waitOf(order.event_id), { timeout: 20_000 }).toBe('NotKnownYet');
    await system.publish(event('contact.updated', late.user_id, { contact: { email: late.email } }));
    expect(await resultOf(order.event_id)).toBe('sent');
    expect(mailsTo(late.email)).toHaveLength(1);
  });

  it('of a sign-up of which no consent is known yet waits, and is welcomed when it comes', async () => {
    const ada = person('ada');
    const signup = signedUp(ada, { consent: undefined });
    await system.publish(signup);
    await expect.poll(() => waitOf(signup.event_id), { timeout: 20_000 }).toBe('NotKnownYet');
    expect(mailsTo(ada.email)).toHaveLength(0);
    await system.publish(event('consent.granted', ada.user_id, { consent: { topics: ['onboarding'] } }));
    await expect.poll(() => mailsTo(ada.email).length, { timeout: 20_000 }).toBe(1);
    await system.publish(projectCreated(ada));
    expect(await resultOf(signup.event_id)).toBe('activated');
  });

  it('of somebody who has complained mails nobody, not even a receipt', async () => {
    const ada = person('ada');
    await system.complained(ada.email.toUpperCase());
    const [signup, order] = [signedUp(ada), orderCompleted(ada)];
    await system.publish(signup);
    await system.publish(order);
    await takenIn();
    expect(await Promise.all([resultOf(signup.event_id), resultOf(order.event_id)])).toEqual([
      'suppressed',
      'suppressed',
    ]);
    expect(mailsTo(ada.email)).toHaveLength(0);
  });
});

describe('a person who signs up', () => {
  it('is welcomed, and the drip ends when their project comes', async () => {
    const ada = person('ada');
    const signup = signedUp(ada);
    await system.publish(signup);
    await expect
      .poll(() => mailsTo(ada.email).map((mail) => mail.subject), { timeout: 20_000 })
      .toEqual(['Welcome, Ada']);
    await system.publish(projectCreated(ada));
    expect(await resultOf(signup.event_id)).toBe('activated');
  });

  it('is heard also when the project follows the sign-up at once', async () => {
    const people = Array.from({ length: 20 }, () => person('grace'));
    const signups = people.map((who) => signedUp(who));
    await Promise.all(
      people.flatMap((who, index) => [system.publish(signups[index] as object), system.publish(projectCreated(who))]),
    );
    await takenIn();
    expect(await Promise.all(signups.map(({ event_id }) => resultOf(event_id)))).toEqual(people.map(() => 'activated'));
  });
});

describe('what is written down', () => {
  it('holds no address and no name: not the history, not the logs', async () => {
    const ada = person('ada');
    const signup = signedUp(ada, {
      contact: { email: ada.email, name: 'Countess Lovelace' },
      extra: { mail: ada.email },
    });
    await system.publish({ ...signup, metadata: { actor: ada.email, source: 'web' } });
    await expect.poll(() => mailsTo(ada.email).length, { timeout: 20_000 }).toBe(1);
    await system.publish(projectCreated(ada));
    await resultOf(signup.event_id);
    const history = await system.client.workflow.getHandle(signup.event_id).fetchHistory();
    const text = [JSON.stringify(history), ...payloadsOf(history)].join('\n');
    expect(text).toContain('welcome'); // the payloads really are decoded
    for (const secret of [ada.email, 'Lovelace', '@example.com']) {
      expect(text).not.toContain(secret);
      expect(ingress.output()).not.toContain(secret);
      expect(worker.output()).not.toContain(secret);
    }
  });
});

describe('a rule of rivulet.yaml', () => {
  it('keeps a small cart out and lets a dear one in, and why-event says so', async () => {
    const ada = person('ada');
    const cart = (total: number) => event('cart.abandoned', ada.user_id, { cart_id: 'c_1', total, currency: 'EUR' });
    const [small, dear] = [cart(5), cart(500)];
    await system.publish(small);
    await system.publish(dear);
    await takenIn();

    const [kept, entered] = await Promise.all([small, dear].map((one) => system.rivulet(`why-event ${one.event_id}`)));
    expect(kept?.out).toContain('entered   no (rule)');
    expect(kept?.out).toContain('why       journeys.cart-recovery: when: event.payload.total >= 20');
    expect(entered?.out).toContain('entered   yes');
    expect(entered?.out).toMatch(/run +(running|completed) +http/);
    await expect(resultOf(small.event_id)).rejects.toThrow(/not found/i);
    expect(await system.rivulet('why-event e_unknown')).toMatchObject({
      code: 1,
      err: expect.stringContaining('30 days'),
    });
  });
});

describe('the logs of all this', () => {
  it('hold no address and no name of anybody, also not of somebody whose mail the provider refuses by name', async () => {
    const ada = person('ada');
    const name = 'Countess Lovelace';
    const message = `Email content is not allowed: ${ada.email}`;
    system.ses.faults.add({
      match: { to: ada.email },
      action: { type: 'error', name: 'MessageRejected', status: 400, message },
    });
    const order = orderCompleted(ada, { contact: { email: ada.email, name } });
    await system.publish(order);
    await takenIn();
    await expect(resultOf(order.event_id)).rejects.toThrow();

    expect(worker.output()).toContain('MessageRejected (400): ');
    expect(worker.output()).not.toContain('Email content is not allowed');
    const mailed = system.ses.mailbox.list({}).flatMap(({ to }) => to);
    expect(mailed.length).toBeGreaterThan(20);
    const people = [ada.email, ...mailed].map((address) => ({ address, name }));
    expect(personalFieldsIn({ worker: worker.output(), ingress: ingress.output() }, ...people)).toEqual([]);
  });
});
