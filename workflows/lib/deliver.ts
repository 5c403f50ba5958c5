import { proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';

import type { Activities, Queued, SendRequest, SendResult } from '../../activities/index.ts';
import type { Event } from '../../events/index.ts';
import { quickly } from './quickly.ts';

/**
 * An attempt within the workflow task: no task queue, no further task. It sends what can be sent within a moment and is not in
 * doubt; the ledger makes it safe to repeat, as every attempt.
 */
const inline = proxyLocalActivities<Pick<Activities, 'sendEmailInline'>>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '25s',
  retry: { initialInterval: '50ms', backoffCoefficient: 3, maximumAttempts: 3 },
});

/**
 * For as long as it takes, visible in the Temporal UI. One attempt is short, so that a dead worker is noticed soon; the ledger
 * makes another attempt safe. Not eager: the queue's own workers, limits and priorities apply to every send.
 */
const queued = proxyActivities<Pick<Activities, 'sendEmail'>>({
  taskQueue: 'email-send',
  startToCloseTimeout: '20s',
  allowEagerDispatch: false,
  // Waits of a known length come with the failure. This is for a worker that died, which must not wait for long only
  // because the email has waited often.
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s' },
});

/** One email on its way, and, once it has begun, with which template version. */
export type Mail = Pick<SendRequest, 'event' | 'template' | 'key' | 'version' | 'unsent'> & {
  journey: string;
  since: number;
};

/** How an attempt ended. `version`: of the template that the email began with, where it has to continue. */
export type Tried = Pick<SendResult, 'outcome' | 'until' | 'version' | 'unsent'>;

/** An email that was not attempted yet. */
export function newMail(template: string, event: Event, key: string | undefined): Mail {
  const { workflowType: journey, startTime, historyLength } = workflowInfo();
  // An email of a run's first step waits since the run exists, however late a worker had time for that step.
  const since = historyLength <= 3 ? startTime.getTime() : Date.now();
  return { event, template, journey, since, ...(key !== undefined && { key }) };
}

/**
 * Sends it, finds that it is not to be sent, or is told that it may be sent at another hour; whatever goes wrong is waited out.
 * Returns what `conclude` makes of that. Few promises: each costs a stack trace.
 */
export function deliver<T>(mail: Mail, conclude: (tried: Tried) => T | Promise<T>): Promise<T> {
  const summary = summaryOf(mail);
  return quickly(
    () => inline.sendEmailInline.executeWithOptions({ summary }, [mail]),
    () => onTheQueue(mail).then(conclude), // nothing could be asked: the queue waits for that, visibly
    (tried) => (tried.outcome === 'queued' ? onTheQueue(mail, tried).then(conclude) : conclude(tried)),
  );
}

/** An email keeps the template version that it began with, whatever is published while it waits. */
async function onTheQueue(mail: Mail, tried?: Queued): Promise<Tried> {
  const { version = mail.version, wait, unsent } = tried ?? {};
  const request = {
    ...mail,
    ...(version !== undefined && { version }),
    ...(wait && { wait }),
    ...(unsent && { unsent }),
  };
  return queued.sendEmail.executeWithOptions({ summary: summaryOf(mail) }, [request]);
}

function summaryOf({ template, event }: Mail): string {
  return `${template} to ${event.user_id}`;
}
