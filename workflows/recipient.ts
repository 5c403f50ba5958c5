import {
  condition,
  continueAsNew,
  defineSignal,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { Judgement } from '../activities/apply-feedback.ts';
import type { RecipientFeedback } from '../events/recipient-feedback.ts';
import { light } from './lib/light.ts';
import { endTimeout, judge, unknownRecipient } from './recipient-policy.ts';

/** Ingress starts the run with it, or brings it to the one that is there. */
const feedback = defineSignal<[RecipientFeedback[]]>('feedback');

/** Feedback about an address comes in bursts; a run that ended at once would be started again for each. */
const idle = '5 minutes';

/**
 * One address: what came back about it, and what follows for its mail. Runs while feedback comes and while a suppression
 * waits for its end; what it knows outlasts the run.
 */
export async function recipient(): Promise<void> {
  const inbox: RecipientFeedback[] = [];
  const told: string[] = [];
  setHandler(feedback, (pieces) => void inbox.push(...pieces), { description: 'bounces, complaints, opt-outs' });

  const { workflowId } = workflowInfo();
  const address = workflowId.slice(workflowId.indexOf('/') + 1);
  let known = (await light('recallRecipient', 'what is known already', address)) ?? unknownRecipient;

  for (;;) {
    const { suppressedUntil } = known;
    const wait = suppressedUntil === undefined ? idle : Math.max(1, suppressedUntil - Date.now());
    const summary = suppressedUntil === undefined ? 'end when idle' : 'until the suppression ends';
    await condition(() => inbox.length > 0, wait, { summary });

    const isDue = suppressedUntil !== undefined && Date.now() >= suppressedUntil;
    if (inbox.length === 0 && !isDue) return;
    const judgement = inbox.length > 0 ? judge(known, inbox.splice(0)) : endTimeout(known, Date.now());
    if (judgement.facts.length > 0) await light('applyFeedback', summaryOf(judgement), address, judgement);
    known = judgement.state;
    show(judgement, told);
    if (inbox.length === 0 && workflowInfo().continueAsNewSuggested) await continueAsNew<typeof recipient>();
  }
}

function summaryOf({ facts }: Judgement): string {
  return [...new Set(facts.map(({ what }) => what))].join(', ').slice(0, 100);
}

/** What Temporal UI shows: where the address stands, and the last things that happened. */
function show({ state, facts }: Judgement, told: string[]): void {
  for (const { at, what, ...details } of facts) {
    const time = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
    told.push(
      `- ${time} UTC · ${what} ${Object.entries(details)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', ')}`,
    );
  }
  told.splice(0, told.length - 20);
  const lines = [
    `soft bounces in a row: ${state.softBounces}`,
    ...(state.noDomain > 0 ? [`bounces for want of a domain: ${state.noDomain}`] : []),
    ...(state.suppressedUntil === undefined
      ? []
      : [`suppressed until ${new Date(state.suppressedUntil).toISOString()}`]),
    ...(state.timeouts > 0 ? [`suppressed for soft bounces so far: ${state.timeouts} times`] : []),
    '',
    ...told,
  ];
  setCurrentDetails(lines.join('\n'));
}
