import type { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { actionsIn } from '../../bench/actions.ts';
import { readRequests, requestsBetween } from '../../bench/rpcs.ts';
import { event, orderCompleted, person } from '../support/events.ts';
import { payloadsOf } from '../support/payloads.ts';
import { startSystem, type System } from '../support/system.ts';
import { timeSkipping } from '../support/time-skipping.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

let system: System;

beforeAll(async () => {
  system = await startSystem(inject('servers'));
  await Promise.all([system.startIngress(), system.startWorker()]);
});
afterAll(() => system.stop());

const mailsTo = (to: string) => system.ses.mailbox.list({ to }).length;
const resultOf = (run: string) => system.client.workflow.getHandle(run).result();

async function historyOf(run: string): Promise<HistoryEvent[]> {
  return (await system.client.workflow.getHandle(run).fetchHistory()).events ?? [];
}

/** Orders of so many people, all mailed and over: their runs. */
async function ordered(count: number): Promise<string[]> {
  const orders = Array.from({ length: count }, () => orderCompleted(person('ada')));
  for (const order of orders) await system.publish(order);
  const runs = orders.map(({ event_id }) => event_id);
  const over = () => Promise.all(runs.map((run) => resultOf(run).catch(() => undefined)));
  await expect.poll(over, { timeout: 30_000 }).toEqual(runs.map(() => 'sent'));
  return runs;
}

describe('one mail', () => {
  it('is 6 events, 2 Actions and 2 requests to Temporal', async () => {
    await ordered(3);
    const metrics = inject('temporalMetrics');
    const before = await readRequests(metrics, system.namespace);
    const runs = await ordered(20);
    // The server counts a request after it has answered, so the last ones may come late.
    const since = async () => requestsBetween(before, await readRequests(metrics, system.namespace));
    await expect
      .poll(async () => (await since()).RespondWorkflowTaskCompleted, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(runs.length);
    // What this test asks itself is no cost of a mail: starts and turns are.
    const { StartWorkflowExecution, RespondWorkflowTaskCompleted, ...others } = await since();
    expect([StartWorkflowExecution, RespondWorkflowTaskCompleted]).toEqual([runs.length, runs.length]);
    expect(Object.keys(others).filter((operation) => operation.startsWith('Respond'))).toEqual([]);
    for (const run of runs) {
      const history = await historyOf(run);
      expect(history).toHaveLength(6);
      expect(actionsIn(history).all).toBe(2);
    }
  });

  it('carries little: no address, no name, no HTML, and the event once', async () => {
    const ada = person('ada');
    const order = orderCompleted(ada, { contact: { email: ada.email, name: 'Countess Lovelace' } });
    await system.publish(order);
    await expect.poll(() => mailsTo(ada.email), { timeout: 20_000 }).toBe(1);
    await resultOf(order.event_id);
    const payloads = payloadsOf(await historyOf(order.event_id));
    const text = payloads.join('\n');
    expect(text).toContain(order.event_id); // they really are decoded
    for (const secret of [ada.email, 'example.com', 'Lovelace', '<']) expect(text).not.toContain(secret);
    expect(payloads.filter((payload) => payload.includes('order_id'))).toHaveLength(1);
    expect(Buffer.byteLength(text)).toBeLessThan(1_200);
  });

  it('is 12 events and 3 Actions where its slot is too far for the turn', async () => {
    const [seconds = 0, micros = 0] = (await system.redis.time()).map(Number);
    await system.redis.set(system.keys.pace(), (seconds + 0.7) * 1e6 + micros, 'PX', 5_000);
    const [run = ''] = await ordered(1);
    const history = await historyOf(run);
    expect(history).toHaveLength(12);
    expect(actionsIn(history).all).toBe(3);
  });

  it('is 12 events where it is held, one Action more for each time it asks again, and holds nobody’s address either', async () => {
    await system.store.stops.pause('journey:receipt');
    const ada = person('ada');
    const order = orderCompleted(ada);
    await system.publish(order);
    const pending = async () => {
      const { raw } = await system.client.workflow.getHandle(order.event_id).describe();
      return raw.pendingActivities?.[0]?.lastFailure?.applicationFailureInfo?.type;
    };
    await expect.poll(() => pending().catch(() => undefined), { timeout: 20_000 }).toBe('Paused');
    await system.store.stops.resume('journey:receipt');
    expect(await resultOf(order.event_id)).toBe('sent');
    const history = await historyOf(order.event_id);
    expect(history).toHaveLength(12);
    const attempts = history.reduce(
      (most, each) => Math.max(most, each.activityTaskStartedEventAttributes?.attempt ?? 1),
      1,
    );
    expect(attempts).toBeGreaterThan(1);
    expect(actionsIn(history).all).toBe(2 + attempts);
    expect(payloadsOf(history).join('\n')).not.toContain(ada.email);
  });
});

describe('a further mail of a drip, with its wait', () => {
  it('is a timer and 6 events more, and 2 Actions', async () => {
    const ada = person('ada');
    const consent = { topics: ['onboarding'] };
    const known = event('contact.updated', ada.user_id, { contact: { email: ada.email }, consent });
    await system.publish(known);
    await expect.poll(() => system.contactKnown(ada.user_id), { timeout: 10_000 }).toBe(true);
    const { event_id: workflowId, ...signup } = event('user.signed_up', ada.user_id, {});
    const handle = await timeSkipping(system.client).start('onboarding', {
      workflowId,
      taskQueue: 'journeys',
      args: [{ event_id: workflowId, ...signup }],
    });
    expect(await handle.result()).toBe('dormant');
    expect(mailsTo(ada.email)).toBe(3);
    const history = await historyOf(workflowId);
    const waits = history.flatMap((each, index) => (each.timerStartedEventAttributes ? [index] : []));
    expect(waits).toHaveLength(3);
    // From one wait to the next: timer started and fired, a turn of three events, the mail. Skipping adds one of its own.
    const skipped = (from: number, to: number) =>
      history.slice(from, to).filter((each) => Number(each.eventType) === 60).length;
    const [first = 0, second = 0, third = 0] = waits;
    for (const [from, to] of [
      [first, second],
      [second, third],
    ] as const) {
      expect(to - from - skipped(from, to)).toBe(6);
      expect(actionsIn(history.slice(from, to)).all).toBe(2);
    }
  });
});
