import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import type { FaultRule } from '../../local/ses/faults.ts';
import { orderCompleted, person } from '../support/events.ts';
import { begun } from '../support/runs.ts';
import { startSystem, type System } from '../support/system.ts';

/** What each answer of SES means for the mail that gets it is in failure-table.test.ts; here is what it means beside that. */
let system: System;

beforeAll(async () => {
  system = await startSystem(inject('servers'), {
    settleAfter: '40s',
    requestTimeout: '15s',
  });
  await Promise.all([system.startIngress(), system.startWorker()]);
});
afterEach(() => system.ses.faults.clear());
afterAll(() => system.stop());

/** Publishes an order of somebody whose mails meet this fault. */
async function orderMeeting(fault: Omit<FaultRule, 'match'>) {
  const who = person('ada');
  const order = orderCompleted(who);
  system.ses.faults.add({ ...fault, match: { to: who.email } });
  await system.publish(order);
  return { order, who, mails: () => system.ses.mailbox.list({ to: who.email }).length };
}

const refusal = (name: string, status: number, message: string) => ({ type: 'error', name, status, message }) as const;

describe('a send that SES', () => {
  it('throttles twice leaves nothing of it in the history of its journey', async () => {
    const action = refusal('TooManyRequestsException', 429, 'Maximum sending rate exceeded.');
    const { order, mails } = await orderMeeting({ action, times: 2 });
    await expect.poll(mails, { timeout: 20_000 }).toBe(1);
    const handle = system.client.workflow.getHandle(order.event_id);
    expect(await handle.result()).toBe('sent');
    expect((await handle.fetchHistory()).events).toHaveLength(12);
  });

  it('refuses for good fails its run by a name that is never retried', async () => {
    const action = refusal('MessageRejected', 400, 'Email content is not allowed.');
    const { order } = await orderMeeting({ action });
    await expect.poll(() => begun(system.client, order.event_id), { timeout: 20_000 }).toBe(true);
    await expect(system.client.workflow.getHandle(order.event_id).result()).rejects.toMatchObject({
      cause: { type: 'EmailRefused', nonRetryable: true },
    });
  });

  // A mailer that destroyed the old client would destroy the sockets of all other sends with it.
  it('lets in only with fresh credentials cuts off nobody whose mail is on its way', async () => {
    const onItsWay = await orderMeeting({ action: { type: 'pause' } });
    await expect.poll(() => system.ses.faults.held, { timeout: 20_000 }).toBe(1);
    const expired = await orderMeeting({ action: refusal('ExpiredTokenException', 403, 'Expired.'), times: 1 });
    await expect.poll(expired.mails, { timeout: 20_000 }).toBe(1);
    expect(system.ses.faults.held).toBe(1);
    system.ses.faults.release();
    await expect.poll(onItsWay.mails, { timeout: 20_000 }).toBe(1);
  });
});
