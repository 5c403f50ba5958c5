import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import { messageKey, messageTag } from '../../state/keys.ts';
import { orderCompleted, person } from '../support/events.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;

beforeAll(async () => {
  // The feed is slower than the first retry would be: a send that was not settled first would be seen twice.
  system = await startSystem(inject('servers'), { settleAfter: '4s', ses: { feedbackDelayMs: 1_000 } });
  await Promise.all([system.startIngress(), system.startWorker()]);
});
afterEach(() => system.ses.faults.clear());
afterAll(() => system.stop());

const requests = () => system.ses.record.stats().requests['SendEmail'] ?? 0;

/** Publishes an order whose mail meets this fault `times` times; gives the order and how the run can be asked. */
async function orderMeeting(action: Parameters<System['ses']['faults']['add']>[0]['action'], times?: number) {
  const ada = person('ada');
  const order = orderCompleted(ada);
  const tag = { 'rivulet-key': messageTag(messageKey(order.event_id, 'receipt')) };
  system.ses.faults.add({ match: { tag }, action, ...(times !== undefined && { times }) });
  const before = requests();
  await system.publish(order);
  const handle = system.client.workflow.getHandle(order.event_id);
  await expect
    .poll(
      () =>
        handle.describe().then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    .toBe(true);
  return { handle, mails: () => system.ses.mailbox.list({ to: ada.email }).length, asked: () => requests() - before };
}

const throttle = {
  type: 'error',
  name: 'TooManyRequestsException',
  status: 429,
  message: 'Maximum sending rate exceeded.',
} as const;
const rejected = {
  type: 'error',
  name: 'MessageRejected',
  status: 400,
  message: 'Email content is not allowed.',
} as const;
const paused = { type: 'error', name: 'SendingPausedException', status: 400, message: 'Sending is paused.' } as const;

describe('a send that SES', () => {
  it('throttles twice is tried a third time, and its journey sees nothing of it', async () => {
    const { handle, mails, asked } = await orderMeeting(throttle, 2);
    expect(await handle.result()).toBe('sent');
    expect([mails(), asked()]).toEqual([1, 3]);
    expect((await handle.fetchHistory()).events).toHaveLength(13);
  });

  it('refuses for good is asked once, and the run fails by a name that says so', async () => {
    const { handle, mails, asked } = await orderMeeting(rejected);
    await expect(handle.result()).rejects.toMatchObject({
      cause: { cause: { type: 'MailRefused', nonRetryable: true } },
    });
    expect([mails(), asked()]).toEqual([0, 1]);
  });

  it('cannot take while sending is paused waits, and fails nobody', async () => {
    const { handle, mails, asked } = await orderMeeting(paused);
    await expect.poll(asked, { timeout: 10_000 }).toBe(1);
    await expect
      .poll(
        async () => (await handle.describe()).raw.pendingActivities?.[0]?.lastFailure?.applicationFailureInfo?.type,
        { timeout: 10_000 },
      )
      .toBe('SendingHalted');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect(mails()).toBe(0);
    await handle.terminate('the test is over');
  });

  it('accepts before the connection is reset is not sent again: the event feed says that it left', async () => {
    const { handle, mails, asked } = await orderMeeting({ type: 'reset-after-accept' }, 1);
    expect(await handle.result()).toBe('sent');
    expect([mails(), asked()]).toEqual([1, 1]);
  });

  it('answers with a broken body has accepted it', async () => {
    const { handle, mails, asked } = await orderMeeting({ type: 'broken-body' }, 1);
    expect(await handle.result()).toBe('sent');
    expect([mails(), asked()]).toEqual([1, 1]);
  });

  it('never got is sent once the doubt is settled', async () => {
    const { handle, mails, asked } = await orderMeeting({ type: 'reset-before-accept' }, 1);
    const later = await orderMeeting(throttle, 1); // a later send that is confirmed shows that the feed is alive
    expect(await later.handle.result()).toBe('sent');
    expect(await handle.result()).toBe('sent');
    expect(mails()).toBe(1);
    expect(asked()).toBe(4); // two for this mail, two for the later one
  });
});
