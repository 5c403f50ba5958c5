import { ApplicationFailure } from '@temporalio/common';

import type { Template } from '../templates/catalogue.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { FailureType } from './failures.ts';
import { sendEmail, type SendRequest, type SendResult, type Wait } from './send-email.ts';

/** It did not leave here: the queue goes on with it, in these words and after this wait. */
export interface NotNow {
  outcome: 'not_now';
  version: string;
  wait: Wait;
}

/** What a try in the workflow turn has done, and to which template: Temporal keeps no input of it. */
export type SentNow = SendResult & { template: string };

/**
 * `sendEmail` for a try inside the workflow turn, which must not wait. What would be tried again later is handed back with its
 * wait; only what is wrong for good, or what a quick repetition may mend, fails.
 */
export function sendEmailNow(
  deps: ActivityDependencies,
  template: Template,
  request: SendRequest,
): Promise<SentNow | NotNow> {
  return sentNow(template, sendEmail(deps, template, request, 'at_once'));
}

/** What a try that may have to wait means for the turn in which it was made. */
export async function sentNow(
  { name, version }: Pick<Template, 'name' | 'version'>,
  sending: Promise<SendResult>,
): Promise<SentNow | NotNow> {
  try {
    return { ...(await sending), template: name };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.nonRetryable) throw error;
    const { type, message, nextRetryDelay } = error;
    const wait = { ms: Number(nextRetryDelay ?? 1), type: type as FailureType, message };
    return { outcome: 'not_now', version, wait };
  }
}
