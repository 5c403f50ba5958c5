import { proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';

import type { Activities, SendRequest, SendResult } from '../../activities/index.ts';
import type { Event } from '../../events/index.ts';
import { generationOfThisTurn } from './build-id.ts';
import { light } from './light.ts';
import { quickly } from './quickly.ts';

/**
 * A try inside the workflow turn: no task queue, no further turn. It sends what can leave within a moment and about which
 * nothing is in doubt; the ledger makes it safe to repeat, as it does every try.
 */
const atOnce = proxyLocalActivities<Pick<Activities, 'sendEmailNow'>>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '25s',
  retry: { initialInterval: '50ms', backoffCoefficient: 3, maximumAttempts: 3 },
});

/**
 * For as long as it takes, visible in Temporal UI. One attempt is short, so that a dead worker is noticed soon; the ledger
 * makes another attempt safe. Not eager: the queue's own workers, limits and priorities apply to every send.
 */
const patiently = proxyActivities<Pick<Activities, 'sendEmail'>>({
  taskQueue: 'email-send',
  startToCloseTimeout: '20s',
  allowEagerDispatch: false,
  // Waits of a known length come with the failure. This is for a worker that died, which must not wait for long only
  // because the mail has waited often.
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s' },
});

/** One mail on its way, and, once it has begun, in which words. */
export type Mail = Pick<SendRequest, 'event' | 'template' | 'key' | 'version'> & { journey: string; since: number };

/** How a try ended. `version`: of the words that the mail has begun with, where it has to go on. */
export type Tried = Pick<SendResult, 'outcome' | 'until' | 'version'>;

/** A mail that nobody has tried yet. */
export function newMail(template: string, event: Event, key: string | undefined): Mail {
  const { workflowType: journey, startTime, historyLength } = workflowInfo();
  // A mail of a run's first step waits since the run exists, however late a worker had time for that step.
  const since = historyLength <= 3 ? startTime.getTime() : Date.now();
  return { event, template, journey, since, ...(key !== undefined && { key }) };
}

/**
 * Sends it, finds that it is for nobody, or is told that it may leave at another hour; whatever goes wrong is waited out. Gives
 * what `conclude` makes of that. Few promises: each costs a stack trace.
 */
export function deliver<T>(mail: Mail, conclude: (tried: Tried) => T | Promise<T>): Promise<T> {
  if (generationOfThisTurn() < 2) return deliverInSteps(mail).then(conclude);
  const summary = summaryOf(mail);
  return quickly(
    () => atOnce.sendEmailNow.executeWithOptions({ summary }, [mail]),
    () => deliverInSteps(mail).then(conclude), // nothing could be asked: each step waits for that, visibly
    (tried) =>
      tried.outcome === 'not_now'
        ? onTheQueue({ ...mail, version: tried.version }, tried.wait).then(conclude)
        : conclude(tried),
  );
}

/** A mail keeps the words it has begun with, whatever is published while it waits. */
async function onTheQueue(mail: Mail & { version: string }, wait?: SendRequest['wait']): Promise<Tried> {
  const request = { ...mail, ...(wait && { wait }) };
  const { version } = mail;
  return { version, ...(await patiently.sendEmail.executeWithOptions({ summary: summaryOf(mail) }, [request])) };
}

/** As generation 1 did it with every mail: consent, words, and the queue. */
async function deliverInSteps(mail: Mail): Promise<Tried> {
  const { template, event, version } = mail;
  if (version !== undefined) return onTheQueue({ ...mail, version });

  const consent = await light('checkConsent', `may ${event.user_id} get ${template}?`, template, event.user_id);
  if (consent !== 'may_send') return { outcome: consent };
  const written = await light('renderEmail', `write ${template}`, template, event);
  return onTheQueue({ ...mail, version: written.version });
}

function summaryOf({ template, event }: Mail): string {
  return `${template} to ${event.user_id}`;
}
