import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import type { Event } from '../../events/index.ts';
import { simulate } from '../../simulation/simulate.ts';
import { person, signedUp } from '../support/events.ts';
import { startSystem, type System } from '../support/system.ts';
import { timeSkipping } from '../support/time-skipping.ts';

let system: System;

beforeAll(async () => {
  system = await startSystem(inject('servers'));
  await Promise.all([system.startIngress(), system.startWorker()]);
});
afterAll(() => system.stop());

const day = 86_400_000;

it('ada makes no project: she is nudged after 1 and 4 days, and after 7 the journey ends as dormant', async () => {
  const ada = person('ada');
  // The ingress takes in who she is by another event; her journey itself is started here, so that its time can be skipped.
  const { contact, consent } = signedUp(ada).payload as { contact: object; consent: object };
  await system.publish({
    ...signedUp(ada),
    event_type: 'project.created',
    payload: { project_id: 'p_0', contact, consent },
  });
  const event: Event<'user.signed_up'> = {
    event_id: `drip_${ada.user_id}`,
    event_type: 'user.signed_up',
    user_id: ada.user_id,
    timestamp: Date.now(),
    payload: {},
  };
  await expect.poll(() => system.contactKnown(ada.user_id), { timeout: 10_000 }).toBe(true);

  const handle = await timeSkipping(system.client).start('onboarding', {
    workflowId: event.event_id,
    taskQueue: 'journeys',
    args: [event],
  });
  expect(await handle.result()).toBe('dormant');

  const mails = system.ses.mailbox.list({ to: ada.email }).map(({ subject }) => subject);
  expect(mails.toReversed()).toEqual([
    'Welcome, Ada',
    'Your first project in one minute',
    'Better together: bring a colleague',
  ]);
  const { events } = await handle.fetchHistory();
  const time = (at: { seconds?: unknown } | null | undefined) => Number(at?.seconds ?? 0) * 1_000;
  const began = time(events?.[0]?.eventTime);
  const sentOn = events
    ?.filter((each) => each.markerRecordedEventAttributes) // each mail left in the turn that asked for it
    .map((each) => Math.round((time(each.eventTime) - began) / day));
  expect(sentOn).toEqual([0, 1, 4]);
  const endedOn = Math.round((time(events?.at(-1)?.eventTime) - began) / day);
  expect(endedOn).toBe(7);

  // What a marketer is shown without a server is what happens with one.
  const who = { user_id: ada.user_id, name: 'Ada', email: ada.email, topics: ['onboarding', 'offers'] };
  const calendar = await simulate('onboarding', who, { from: began });
  expect(calendar.outcome).toBe(await handle.result());
  expect(calendar.mails.map(({ subject }) => subject)).toEqual(mails.toReversed());
  expect(calendar.mails.map(({ at }) => (at - began) / day)).toEqual(sentOn);
  expect(((calendar.entries.at(-1)?.at ?? 0) - began) / day).toBe(endedOn);
});

it('tells a marketer what each step and each wait is for', async () => {
  const grace = person('grace');
  const signup = signedUp(grace);
  await system.publish(signup);
  await expect.poll(() => system.ses.mailbox.list({ to: grace.email }).length, { timeout: 20_000 }).toBe(1);
  const handle = system.client.workflow.getHandle(signup.event_id);
  await expect
    .poll(async () => (await handle.fetchHistory()).events?.some((each) => each.timerStartedEventAttributes), {
      timeout: 10_000,
    })
    .toBe(true);
  const { events } = await handle.fetchHistory();
  const summaries = events
    ?.map((each) => each.userMetadata?.summary?.data)
    .filter((data) => data !== undefined && data !== null)
    .map((data) => JSON.parse(Buffer.from(data).toString()) as string);
  expect(summaries).toEqual([
    `onboarding for ${grace.user_id}`,
    `welcome to ${grace.user_id}`,
    'wait 1 day for project.created',
  ]);
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  expect(metadata.currentDetails).toMatch(/welcome: sent\n.*wait 1 day for project\.created/s);
  await handle.terminate('the test is over');
});
