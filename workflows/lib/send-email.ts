import { proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';

import type { Activities, SendRequest, SendResult, Undeliverable } from '../../activities/index.ts';
import type { Event, EventType } from '../../events/index.ts';
import type { TemplateName } from '../../templates/names.ts';
import type { EventFor } from '../../templates/variables.ts';
import { light } from './light.ts';
import type { Listener } from './listen-for.ts';
import { note } from './story.ts';
import { unlessHeard } from './unless-heard.ts';

export type { Undeliverable } from '../../activities/index.ts';

/**
 * How a send ended, as a journey sees it. `not_needed`: what `unless` listens for came first. A mail that the provider
 * refuses for good fails the run instead.
 */
export type Outcome = Exclude<SendResult['outcome'], 'deferred'> | 'not_needed';

/** The person cannot get this mail, and nothing went wrong: most journeys end here. */
export function isUndeliverable(outcome: Outcome): outcome is Undeliverable {
  return outcome === 'no_address' || outcome === 'no_consent' || outcome === 'suppressed';
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

export interface SendOptions {
  /** Tells two sends of one template apart. */
  key?: string;
  /** What makes the mail pointless, should it come while the mail waits for its turn or for the morning. */
  unless?: Pick<Listener<EventType>, 'heard'>;
}

/** A template as it is live when the mail is written, or, as `welcome@0a1b2c3d4e5f`, one version of it for good. */
export type TemplateReference<Name extends TemplateName = TemplateName> = Name | `${Name}@${string}`;

/**
 * Sends one template to the event's person, at most once for this event, at an hour at which its journey and its topic
 * allow it. Does not compile where the event lacks what the template shows.
 *
 *     await sendEmail('welcome', signup);
 *     await sendEmail('reminder', cart, { key: 'second' });
 *     await sendEmail('reminder', cart, { unless: order });
 */
export function sendEmail<Name extends TemplateName>(
  template: TemplateReference<Name>,
  event: Event & EventFor<Name>,
  { key, unless }: SendOptions = {},
): Promise<Outcome> {
  return unless ? deliverUnless(unless, template, event, key) : deliver(template, event, key);
}

async function deliverUnless(
  unless: NonNullable<SendOptions['unless']>,
  template: TemplateReference,
  event: Event,
  key: string | undefined,
): Promise<Outcome> {
  const outcome = await unlessHeard(unless, () => deliver(template, event, key));
  return outcome ?? told(template, 'not_needed');
}

async function deliver(template: TemplateReference, event: Event, key: string | undefined): Promise<Outcome> {
  const { user_id } = event;
  const consent = await light('checkConsent', `may ${user_id} get ${template}?`, template, user_id);
  if (consent !== 'may_send') return told(template, consent);

  // A mail keeps the words it has begun with, whatever is published while it waits.
  const { version } = await light('renderEmail', `write ${template}`, template, event);

  const { workflowType: journey, startTime, historyLength } = workflowInfo();
  // A mail of a run's first step waits since the run exists, however late a worker had time for that step.
  const since = historyLength <= 3 ? startTime.getTime() : Date.now();
  const request: SendRequest = { event, template, version, journey, since, ...(key !== undefined && { key }) };
  for (;;) {
    const call = { summary: `${template} to ${user_id}` };
    const { outcome, until = 0 } = await mail.sendEmail.executeWithOptions(call, [request]);
    if (outcome !== 'deferred') return told(template, outcome);

    // The activity knows the hours and the clocks of today; here is only the wait.
    const summary = `${template} waits for its hours until ${new Date(until).toISOString().slice(0, 16)}Z`;
    note(summary);
    await sleep(Math.max(1, until - Date.now()), { summary });
  }
}

function told(template: TemplateReference, outcome: Outcome): Outcome {
  note(`${template}: ${outcome}`);
  return outcome;
}
