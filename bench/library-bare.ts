import {
  condition,
  defineSignal,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { Activities, SendResult } from '../activities/index.ts';
import type { Event } from '../events/index.ts';

/**
 * `workflows/journeys/onboarding.ts` as somebody would write it without `workflows/lib`: the same steps, waits, summaries
 * and options, and no more. It keeps no story for Temporal UI, and does not wait out an outage or the night.
 */
export async function onboarding(signup: Event<'user.signed_up'>): Promise<string> {
  let project: Event<'project.created'> | undefined;
  setHandler(projectCreated, (event) => void (project = event), { description: 'project.created of this person' });
  const projectWithin = (wait: '1 day' | '3 days') =>
    condition(() => project !== undefined, wait, { summary: `wait ${wait} for project.created` });

  const welcomed = await send('welcome', signup);
  if (welcomed !== 'sent') return welcomed;

  if (await projectWithin('1 day')) return 'activated';
  await send('first-project', signup);
  if (await projectWithin('3 days')) return 'activated';
  await send('invite-team', signup);
  return (await projectWithin('3 days')) ? 'activated' : 'dormant';
}

const projectCreated = defineSignal<[Event<'project.created'>]>('project.created');

const { sendEmailInline } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '25s',
  retry: { initialInterval: '50ms', backoffCoefficient: 3, maximumAttempts: 3 },
});

const { sendEmail } = proxyActivities<Activities>({
  taskQueue: 'email-send',
  startToCloseTimeout: '20s',
  allowEagerDispatch: false,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s' },
});

type Nudge = 'welcome' | 'first-project' | 'invite-team';

async function send(template: Nudge, event: Event<'user.signed_up'>): Promise<SendResult['outcome']> {
  const call = { summary: `${template} to ${event.user_id}` };
  const { workflowType: journey, startTime, historyLength } = workflowInfo();
  const since = historyLength <= 3 ? startTime.getTime() : Date.now();
  const request = { event, template, journey, since };

  const tried = await sendEmailInline.executeWithOptions(call, [request]);
  if (tried.outcome !== 'queued') return tried.outcome;
  const { version, wait } = tried;
  return (await sendEmail.executeWithOptions(call, [{ ...request, version, wait }])).outcome;
}
