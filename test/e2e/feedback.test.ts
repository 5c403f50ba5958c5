import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { subjectOfFeedback } from '../../ingress/sort.ts';
import type { Fact } from '../../store/facts.ts';
import type { Store } from '../../store/store.ts';
import { event, orderCompleted, person, projectCreated, signedUp } from '../support/events.ts';
import { envelope, sesEvent } from '../support/ses-events.ts';
import { type SqsStandIn, startSqsStandIn } from '../support/sqs-stand-in.ts';
import { type ProductProcess, startSystem, type System } from '../support/system.ts';
import { timeSkipping } from '../support/time-skipping.ts';

let system: System;
let store: Store;
let queue: SqsStandIn;
let ingress: ProductProcess;
let worker: ProductProcess;

beforeAll(async () => {
  [system, queue] = await Promise.all([startSystem(inject('servers')), startSqsStandIn()]);
  ({ store } = system);
  [ingress, worker] = await Promise.all([
    system.startIngress({ FEEDBACK_QUEUE_URL: queue.queueUrl }),
    system.startWorker(),
  ]);
});
afterAll(async () => {
  await system.stop();
  await queue.goAway();
});

const within = { timeout: 20_000, interval: 20 };
const run = (id: string) => system.client.workflow.getHandle(id);
const statusOf = async (id: string) => (await run(id).describe()).status.name;
const mailsTo = (to: string) => system.ses.mailbox.list({ to });
/** As our own sources publish it. */
const tell = (feedback: object) => {
  const bytes = Buffer.from(JSON.stringify(feedback));
  return system.publishBytes(bytes, subjectOfFeedback(bytes));
};
const factsAbout = (address: string) => store.facts.lastOf({ address_hash: store.addressHash(address) }, 100);
const recipientOf = (address: string) => `recipient/${store.addressHash(address)}`;
const whats = (facts: Fact[]) => facts.map(({ what }) => what);

const softBounce = (id: string) => ({ id, at: Date.now(), kind: 'bounce', type: 'transient', sub_type: 'General' });

async function runsOf(workflowId: string): Promise<number> {
  const { count } = await system.client.workflow.count(`WorkflowId = "${workflowId}"`);
  return count;
}

/** Brings a piece to a run that skips its waits, so that it ends as soon as it is idle; starts one where there is none. */
async function signalShortLived(workflowId: string, piece: object): Promise<void> {
  for (;;) {
    try {
      await run(workflowId).signal('feedback', [piece]);
      return;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    try {
      await timeSkipping(system.client).start('recipient', { workflowId, taskQueue: 'journeys', args: [] });
    } catch (error) {
      // Temporal starts one id anew once a second at most.
      if ((error as { cause?: { code?: number } }).cause?.code !== 8) throw error;
      await sleep(50);
    }
  }
}

/** Somebody whom the SES simulator lets bounce or complain; each test has their own. */
function simulated(fate: 'bounce' | 'complaint' | 'success') {
  const { user_id } = person('ada');
  return { user_id, email: `${fate}+${user_id}@simulator.amazonses.com` };
}

/** Signs up and gets the welcome mail; the journey then waits for a day. */
async function welcomed(ada: { user_id: string; email: string }): Promise<string> {
  const signup = signedUp(ada);
  await system.publish(signup);
  await expect.poll(() => mailsTo(ada.email).length, within).toBe(1);
  return signup.event_id;
}

describe('a person whose mail comes back', () => {
  it.each([
    ['bounce', 'hard_bounce'],
    ['complaint', 'complaint'],
  ] as const)(
    'as a %s gets nothing more: the journey is cancelled, and not even a receipt leaves',
    async (fate, reason) => {
      const ada = simulated(fate);
      const id = await welcomed(ada);
      await expect.poll(() => statusOf(id), within).toBe('CANCELLED');
      const [suppression] = await store.suppressions.of(store.addressHash(ada.email));
      expect(suppression).toMatchObject({ reason, scope: 'all', source: 'feedback' });

      const order = orderCompleted(ada);
      await system.publish(order);
      await expect
        .poll(
          () =>
            run(order.event_id)
              .result()
              .catch(() => ''),
          within,
        )
        .toBe('suppressed');
      expect(mailsTo(ada.email)).toHaveLength(1);
      const facts = await factsAbout(ada.email);
      expect(facts).toMatchObject([
        { what: 'suppressed', template: 'welcome', details: { reason } },
        { what: 'journey_stopped', journey: 'onboarding', details: { run: id, why: reason } },
      ]);
    },
  );

  it('sees none of the mails that were ready to leave when it came', async () => {
    const ada = simulated('bounce');
    await system.publish(event('contact.updated', ada.user_id, { contact: { email: ada.email } }));
    await expect.poll(() => system.contactKnown(ada.user_id), within).toBe(true);
    await system.store.stops.pause('all');
    const orders = Array.from({ length: 30 }, () => orderCompleted(ada));
    for (const order of orders) await system.publish(order);
    const waiting = async () => {
      const statuses = await Promise.all(orders.map(({ event_id }) => statusOf(event_id).catch(() => 'not started')));
      return statuses.filter((status) => status === 'RUNNING').length;
    };
    await expect.poll(waiting, within).toBe(orders.length);
    const began = performance.now();
    await tell(sesEvent.bounce({ to: ada.email }, 'Permanent', 'General', '5.1.1'));
    const suppressed = () => store.suppressions.of(store.addressHash(ada.email));
    await expect.poll(suppressed, { ...within, interval: 1 }).toHaveLength(1);
    process.stdout.write(
      `from the bounce to the suppression, while 30 sends ask: ${Math.round(performance.now() - began)} ms\n`,
    );
    await system.store.stops.resume('all');
    const outcomes = await Promise.all(orders.map(({ event_id }) => run(event_id).result()));
    expect(new Set(outcomes)).toEqual(new Set(['suppressed']));
    expect(mailsTo(ada.email)).toHaveLength(0);
  });

  it('without having got one of ours is suppressed all the same, and nobody else is', async () => {
    const [ada, stranger] = [person('ada'), person('stranger')];
    await welcomed(ada);
    const bounce = sesEvent.bounce({ to: ada.email }, 'Permanent', 'General', '5.1.1', [stranger.email]);
    const began = performance.now();
    await tell(bounce);
    const suppressed = () => store.suppressions.of(store.addressHash(stranger.email));
    await expect.poll(suppressed, { ...within, interval: 1 }).toHaveLength(1);
    process.stdout.write(`from a bounce to the suppression, at rest: ${Math.round(performance.now() - began)} ms\n`);
    expect(await store.suppressions.of(store.addressHash(ada.email))).toEqual([]);
  });

  it('in a complaint that names two is stopped, and so is the other', async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    await tell(sesEvent.complaint({ to: ada.email }, 'abuse', [ada.email, grace.email]));
    for (const { email } of [ada, grace]) {
      await expect.poll(() => store.suppressions.of(store.addressHash(email)), within).toHaveLength(1);
    }
  });

  it('before the ledger has heard of the answer settles that send, and is suppressed', async () => {
    const ada = person('ada');
    const tag = randomUUID();
    const email = {
      tag,
      messageKey: 'e/welcome',
      eventId: 'e',
      user: ada.user_id,
      template: 'welcome',
      templateVersion: 'v',
      topic: 'onboarding',
      class: 'marketing',
      askedAt: Date.now(),
      stops: [],
    } as const;
    const { seen } = await store.sends.look(email);
    await store.sends.claim(email, { id: 'claim', seen, stops: [] });
    await tell(sesEvent.bounce({ to: ada.email, tag }, 'Permanent', 'NoEmail', '5.1.1'));
    await expect.poll(() => store.suppressions.of(store.addressHash(ada.email)), within).toHaveLength(1);
    expect((await store.sends.read(tag))?.state).toBe('accepted');
    expect(await factsAbout(ada.email)).toMatchObject([{ what: 'suppressed', template: 'welcome' }]);
  });

  it('by way of SQS is suppressed, and the queue is empty then', async () => {
    const ada = person('ada');
    queue.send(JSON.stringify(envelope.sns(sesEvent.bounce({ to: ada.email }, 'Permanent', 'General', '5.1.1'))));
    await expect.poll(() => store.suppressions.of(store.addressHash(ada.email)), within).toHaveLength(1);
    await expect.poll(() => queue.bodies(), within).toEqual([]);
  });
});

describe('feedback that comes twice, late, or in masses', () => {
  it('counts once, whichever way its copies come', async () => {
    const ada = person('ada');
    const bounce = sesEvent.bounce({ to: ada.email }, 'Transient', 'MailboxFull', '4.2.2');
    for (const copy of [bounce, bounce, envelope.sns(bounce), envelope.eventBridge(bounce), envelope.lambda(bounce)])
      await tell(copy);
    const other = sesEvent.bounce({ to: ada.email }, 'Transient', 'General', '4.4.7');
    await tell(other);
    await expect.poll(() => factsAbout(ada.email), within).toHaveLength(2);
    const softBounces = async () => (await store.recipients.recall(store.addressHash(ada.email)))?.softBounces;
    await expect.poll(softBounces, within).toBe(2);
    await tell(sesEvent.delivery({ to: ada.email }));
    await expect.poll(async () => whats(await factsAbout(ada.email)), within).toContain('reached_again');
    await expect.poll(softBounces, within).toBe(0);
  });

  it('of a delivery does not undo a bounce', async () => {
    const ada = person('ada');
    await tell(sesEvent.bounce({ to: ada.email }, 'Permanent', 'General', '5.1.1'));
    await expect.poll(() => store.suppressions.of(store.addressHash(ada.email)), within).toHaveLength(1);
    await tell(sesEvent.delivery({ to: ada.email }));
    await tell(sesEvent.bounce({ to: ada.email }, 'Transient', 'General', '4.4.7'));
    await expect.poll(() => factsAbout(ada.email), within).toHaveLength(2);
    expect(await store.suppressions.of(store.addressHash(ada.email))).toHaveLength(1);
  });

  it('of 10,000 pieces about one address is one run with a few hundred signals, and what comes behind is heard', async () => {
    const ada = person('ada');
    const grace = person('grace');
    const began = Date.now();
    const pieces = Array.from({ length: 10_000 }, () =>
      sesEvent.bounce({ to: ada.email }, 'Transient', 'General', '4.4.7'),
    );
    for (let at = 0; at < pieces.length; at += 500) {
      await Promise.all(pieces.slice(at, at + 500).map((piece) => tell(piece)));
    }
    await tell(sesEvent.bounce({ to: grace.email }, 'Permanent', 'General', '5.1.1'));
    const count = async () => (await store.recipients.recall(store.addressHash(ada.email)))?.softBounces;
    await expect.poll(count, { timeout: 60_000, interval: 100 }).toBe(10_000);
    await expect.poll(() => store.suppressions.of(store.addressHash(grace.email)), within).toHaveLength(1);
    const { events = [] } = (await run(recipientOf(ada.email)).fetchHistory()) ?? {};
    const signals = events?.filter((each) => each.workflowExecutionSignaledEventAttributes).length ?? 0;
    process.stdout.write(
      `10,000 pieces of feedback about one address: ${signals} signals, ${events?.length} history events, ${Date.now() - began} ms\n`,
    );
    expect(signals).toBeGreaterThan(0);
    expect(signals).toBeLessThan(500);
    expect(events?.length).toBeLessThan(4_000);
  }, 120_000);

  it('is never lost when it comes while the run of the address is ending', async () => {
    const people = Array.from({ length: 8 }, () => person('ada'));
    const each = 4;
    await Promise.all(
      people.map(async ({ email }) => {
        for (let piece = 0; piece < each; piece++) {
          await signalShortLived(recipientOf(email), softBounce(`piece-${piece}`));
          await sleep(Math.random() * 1_200); // so that some meet a run, some its end, and some none
        }
      }),
    );
    for (const { email } of people) {
      const count = async () => (await store.recipients.recall(store.addressHash(email)))?.softBounces;
      await expect.poll(count, within).toBe(each);
    }
    const runs = async () => Math.max(...(await Promise.all(people.map(({ email }) => runsOf(recipientOf(email))))));
    await expect.poll(runs, within).toBeGreaterThan(1); // runs did end in between
  });

  it('is applied when it comes after the run was due to end, and before it has ended', async () => {
    const ada = person('ada');
    const workflowId = recipientOf(ada.email);
    const handle = await system.client.workflow.start('recipient', { workflowId, taskQueue: 'journeys', args: [] });
    const happened = async (what: 'timerStartedEventAttributes' | 'timerFiredEventAttributes') =>
      (await handle.fetchHistory()).events?.some((each) => each[what]);
    await expect.poll(() => happened('timerStartedEventAttributes'), within).toBe(true);
    await worker.stop();
    await system.client.workflowService.updateWorkflowExecutionOptions({
      namespace: system.namespace,
      workflowExecution: { workflowId },
      workflowExecutionOptions: { timeSkippingConfig: { enabled: true } },
      updateMask: { paths: ['time_skipping_config'] },
    });
    await expect.poll(() => happened('timerFiredEventAttributes'), within).toBe(true);
    await handle.signal('feedback', [softBounce('late')]);
    worker = await system.startWorker();
    await handle.result();
    expect((await store.recipients.recall(store.addressHash(ada.email)))?.softBounces).toBe(1);
  });

  it('of no known kind is kept with the dead letters and does nothing', async () => {
    const { state } = await system.stream.manager.streams.info('MARKETING_DLQ');
    const odd = { ...sesEvent.send({ to: 'ada@example.com' }), eventType: 'Teleported' };
    const { bounce: _, ...hollow } = sesEvent.bounce({ to: 'ada@example.com' }, 'Permanent', 'General');
    for (const body of [odd, hollow, [], 'nonsense']) await tell(body as object);
    await expect
      .poll(
        async () => (await system.stream.manager.streams.info('MARKETING_DLQ')).state.messages - state.messages,
        within,
      )
      .toBe(4);
    expect(await store.suppressions.of(store.addressHash('ada@example.com'))).toEqual([]);
  });
});

describe('a person who opts out', () => {
  it('leaves the journey of that topic within two seconds, and gets its mails no more', async () => {
    const ada = person('ada');
    const id = await welcomed(ada);
    const began = Date.now();
    await system.publish(
      event('consent.revoked', ada.user_id, { consent: { topics: ['onboarding'], source: 'settings' } }),
    );
    await expect.poll(() => statusOf(id), within).toBe('CANCELLED');
    process.stdout.write(`from the opt-out to the end of the run: ${Date.now() - began} ms\n`);
    const again = signedUp(ada, { consent: { topics: ['onboarding'], captured_at: began - 1_000 } });
    await system.publish(again);
    await expect
      .poll(
        () =>
          run(again.event_id)
            .result()
            .catch(() => ''),
        within,
      )
      .toBe('no_consent');
    expect(mailsTo(ada.email)).toHaveLength(1);
    await system.publish(orderCompleted(ada));
    await expect.poll(() => mailsTo(ada.email).length, within).toBe(2);
  });

  it('of another topic stays in it, and ends it by what she does', async () => {
    const ada = person('ada');
    const id = await welcomed(ada);
    await system.publish(event('consent.revoked', ada.user_id, { consent: { topics: ['offers'] } }));
    await expect.poll(async () => whats(await factsAbout(ada.email)), within).toContain('opted_out');
    await system.publish(projectCreated(ada));
    expect(await run(id).result()).toBe('activated');
  });

  it('of everything leaves every journey, also of topics that are yet to come', async () => {
    const ada = person('ada');
    const id = await welcomed(ada);
    await system.publish(event('consent.revoked', ada.user_id, { consent: { topics: ['*'] } }));
    await expect.poll(() => statusOf(id), within).toBe('CANCELLED');
    expect(await store.consents.stateOf(ada.user_id, 'something-new')).toBe('revoked');
  });
});

describe('a suppression for a time', () => {
  it('is lifted by a timer that outlives everything, a month later', async () => {
    const ada = person('ada');
    const address = store.addressHash(ada.email);
    const until = Date.now() + 30 * 86_400_000;
    await store.suppressions.add(address, {
      reason: 'soft_bounces',
      scope: 'all',
      since: Date.now(),
      until,
      source: 'feedback',
    });
    const state = { softBounces: 0, noDomain: 0, timeouts: 1, suppressedUntil: until, seen: [] };
    await store.recipients.remember(address, state);
    const handle = await timeSkipping(system.client).start('recipient', {
      workflowId: recipientOf(ada.email),
      taskQueue: 'journeys',
      args: [],
    });
    await handle.result();
    expect(await store.suppressions.of(address)).toEqual([]);
    expect((await factsAbout(ada.email)).map(({ what }) => what)).toEqual(['suppressed', 'suppression_lifted']);
    expect((await store.recipients.recall(address))?.timeouts).toBe(1);
  });
});

describe('what is written down', () => {
  it('holds no address: not the history of the recipient, not the logs', async () => {
    const ada = person('ada');
    await tell(sesEvent.bounce({ to: ada.email }, 'Permanent', 'General', '5.1.1'));
    await expect.poll(() => store.suppressions.of(store.addressHash(ada.email)), within).toHaveLength(1);
    const history = JSON.stringify(await run(recipientOf(ada.email)).fetchHistory());
    const decoded = [...history.matchAll(/"([A-Za-z0-9+/=]{8,})"/g)].map(([, text = '']) =>
      Buffer.from(text, 'base64').toString(),
    );
    expect(decoded.join()).toContain('permanent');
    for (const text of [history, decoded.join(), ingress.output(), worker.output()])
      expect(text).not.toContain('@example.com');
    const metadata = await run(recipientOf(ada.email)).query<{ currentDetails?: string }>(
      '__temporal_workflow_metadata',
    );
    expect(metadata.currentDetails).toMatch(/suppressed reason: hard_bounce/);
  });
});
