import { proxyActivities, workflowInfo } from '@temporalio/workflow';

import type { Activities, SendResult, Undeliverable } from '../../activities/index.ts';
import type { Event, EventType } from '../../events/index.ts';
import type { TemplateName } from '../../templates/names.ts';
import { light } from './light.ts';
import { note } from './story.ts';

export type { Undeliverable } from '../../activities/index.ts';

/** How a send ended, as a journey sees it. A mail that the provider refuses for good fails the run instead. */
export type Outcome = SendResult['outcome'];

/** The person cannot get this mail, and nothing went wrong: most journeys end here. */
export function isUndeliverable(outcome: Outcome): outcome is Undeliverable {
  return outcome !== 'sent' && outcome !== 'unknown';
}

/**
 * The only thing that talks to the provider. One attempt is short, so that a dead worker is noticed soon; the ledger
 * makes another attempt safe. Not eager: the queue's own workers, limits and priorities apply to every send.
 */
const mail = proxyActivities<Activities>({
  taskQueue: 'email-send',
  startToCloseTimeout: '20s',
  allowEagerDispatch: false,
  // Waits of a known length come with the failure. This is for a worker that died, which must not wait for long only
  // because the mail has waited often.
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s' },
});

/**
 * Sends one template to the event's person, at most once for this event. `key` tells two sends of one template apart.
 *
 *     await sendEmail('welcome', signup);
 *     await sendEmail('reminder', cart, { key: 'second' });
 */
export async function sendEmail<T extends EventType>(
  template: TemplateName,
  event: Event<T>,
  options: { key?: string } = {},
): Promise<Outcome> {
  const { user_id } = event;
  const consent = await light('checkConsent', `may ${user_id} get ${template}?`, template, user_id);
  if (consent !== 'may_send') return told(template, consent);

  await light('renderEmail', `write ${template}`, template, event);

  const send = { summary: `${template} to ${user_id}` };
  const { workflowType: journey, startTime, historyLength } = workflowInfo();
  // A mail of a run's first step waits since the run exists, however late a worker had time for that step.
  const since = historyLength <= 3 ? startTime.getTime() : Date.now();
  const { outcome } = await mail.sendEmail.executeWithOptions(send, [{ event, template, journey, since, ...options }]);
  return told(template, outcome);
}

function told(template: TemplateName, outcome: Outcome): Outcome {
  note(`${template}: ${outcome}`);
  return outcome;
}
