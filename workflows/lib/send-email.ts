import { sleep } from '@temporalio/workflow';

import type { SendResult, Undeliverable } from '../../activities/index.ts';
import type { EventType } from '../../events/index.ts';
import type { EventFor } from '../../templates/event-for.ts';
import type { TemplateName } from '../../templates/names.ts';
import { deliver, type Mail, newMail } from './deliver.ts';
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
 * allow it. Does not compile where the event lacks what the template shows; what of that is personal, the journey does not see.
 *
 *     await sendEmail('welcome', signup);
 *     await sendEmail('reminder', cart, { key: 'second' });
 *     await sendEmail('reminder', cart, { unless: order });
 */
export function sendEmail<Name extends TemplateName>(
  template: TemplateReference<Name>,
  event: EventFor<Name>,
  { key, unless }: SendOptions = {},
): Promise<Outcome> {
  const mail = newMail(template, event, key);
  return unless ? sendUnless(unless, mail) : send(mail);
}

async function sendUnless(unless: NonNullable<SendOptions['unless']>, mail: Mail): Promise<Outcome> {
  const outcome = await unlessHeard(unless, () => send(mail));
  return outcome ?? told(mail, 'not_needed');
}

/**
 * A worker whose clock is behind the server's calls a mail deferred until a moment that has passed by the server's: asked again
 * at once, it would say so a hundred times a second. So each time in a row that it does, the run waits twice as long.
 */
const [shortestMs, longestMs] = [1_000, 60_000];

function send(mail: Mail, atLeastMs = shortestMs): Promise<Outcome> {
  return deliver<Outcome>(mail, ({ outcome, until = 0, version, unsent }) => {
    if (outcome !== 'deferred') return told(mail, outcome);

    // The activity knows the hours and the clocks of today; here is only the wait.
    const summary = `${mail.template} waits for its hours until ${new Date(until).toISOString().slice(0, 16)}Z`;
    note(summary);
    const again = { ...mail, ...(version !== undefined && { version }), ...(unsent && { unsent }) };
    const ms = until - Date.now();
    const next = ms > atLeastMs ? shortestMs : Math.min(longestMs, 2 * atLeastMs);
    return sleep(Math.max(atLeastMs, ms), { summary }).then(() => send(again, next));
  });
}

function told({ template }: Mail, outcome: Outcome): Outcome {
  note(`${template}: ${outcome}`);
  return outcome;
}
