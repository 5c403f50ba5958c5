import { createHash } from 'node:crypto';

import type { RecipientFeedback } from '../../events/recipient-feedback.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Fact } from '../../state/facts.ts';
import type { Memory } from '../../state/memory.ts';
import type { MailAbout } from '../../state/sends.ts';
import { normalise } from './normalise.ts';
import type { Recipient, SesFeedback, UnusableFeedback } from './ses-feedback.ts';
import type { TellRecipient } from './tell-recipient.ts';

export interface TakeFeedbackDependencies {
  memory: Pick<Memory, 'sends' | 'contacts' | 'recipients' | 'facts' | 'engagement' | 'addressHash'>;
  tellRecipient: TellRecipient;
  count: (type: string, result: FeedbackResult) => void;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * What a piece of feedback did. `confirmed`: the ledger knows the mail. `duplicate`: it tells of a mail that has left twice.
 * `not_ours`: of one that this deployment did not send. `unusable`: of nothing that can be acted on.
 */
export type FeedbackResult = 'confirmed' | 'duplicate' | 'not_ours' | 'unusable';

const ofLedger = { told: 'confirmed', again: 'duplicate', no_record: 'not_ours' } as const;

/**
 * Takes in what the provider tells. Any event about a mail proves that the provider has it: the ledger is told, so that a
 * send whose answer was lost is settled. What an event says about an address goes to the workflow of that address.
 * Gives what was unusable, for whoever keeps it.
 */
export async function takeFeedback(deps: TakeFeedbackDependencies, bytes: Uint8Array): Promise<UnusableFeedback[]> {
  const unusable: UnusableFeedback[] = [];
  for (const feedback of normalise(bytes)) {
    const result = await confirm(deps, feedback);
    if (feedback.type === 'unusable') {
      deps.count(feedback.reason, 'unusable');
      unusable.push(feedback);
      continue;
    }
    await apply(deps, feedback);
    deps.count(feedback.type, result);
  }
  return unusable;
}

async function confirm(
  { memory }: TakeFeedbackDependencies,
  { tag, messageId }: { tag?: string; messageId?: string },
): Promise<FeedbackResult> {
  if (tag === undefined || messageId === undefined) return 'not_ours';
  return ofLedger[await memory.sends.confirm(tag, messageId)];
}

/** Deliveries and opens are many, and most change nothing: they start no workflow. */
async function apply(deps: TakeFeedbackDependencies, feedback: SesFeedback): Promise<void> {
  switch (feedback.type) {
    case 'send':
      return;
    case 'delivery':
      return endStreaks(deps, feedback);
    case 'delivery_delay':
      return noteDelay(deps, feedback);
    case 'open':
    case 'click':
      return noteEngagement(deps, feedback);
    case 'bounce':
    case 'complaint':
    case 'reject':
    case 'rendering_failure':
    case 'subscription':
      return tellRecipients(deps, feedback);
    default:
      feedback satisfies never;
  }
}

/** Each address by itself: a bounce of one says nothing about the others that the mail went to. */
async function tellRecipients(deps: TakeFeedbackDependencies, feedback: SesFeedback): Promise<void> {
  const about = await aboutMail(deps, feedback);
  await Promise.all(
    feedback.recipients.map(async (recipient) => {
      const address = deps.memory.addressHash(recipient.address);
      const people = await deps.memory.contacts.peopleAt(address);
      await deps.tellRecipient(address, { ...origin(feedback, about), ...said(feedback, recipient) }, people);
    }),
  );
}

type Said = RecipientFeedback extends infer Each
  ? Each extends unknown
    ? Omit<Each, 'id' | 'at' | 'template' | 'topic'>
    : never
  : never;

function said(feedback: SesFeedback, { status }: Recipient): Said {
  switch (feedback.type) {
    case 'bounce': {
      const { bounceType: type, subType: sub_type } = feedback;
      return { kind: 'bounce', type, sub_type, ...(status !== undefined && { status }) };
    }
    case 'complaint': {
      const { feedbackType: type, subType: sub_type } = feedback;
      return { kind: 'complaint', ...(type !== undefined && { type }), ...(sub_type !== undefined && { sub_type }) };
    }
    case 'reject':
    case 'rendering_failure':
      return { kind: 'not_sent', why: feedback.type };
    case 'subscription': {
      const topics = feedback.optOut === 'all' ? ['*'] : feedback.optOut;
      return { kind: 'opt_out', topics, recorded: false, source: 'ses' };
    }
    default:
      return { kind: 'reached' };
  }
}

/** A mail that arrived, or a click by a person, ends a streak of bounces, where there is one. */
async function endStreaks(deps: TakeFeedbackDependencies, feedback: SesFeedback): Promise<void> {
  for (const recipient of feedback.recipients) {
    const address = deps.memory.addressHash(recipient.address);
    if (!(await deps.memory.recipients.hasStreak(address))) continue;
    const people = await deps.memory.contacts.peopleAt(address);
    await deps.tellRecipient(address, { ...origin(feedback, {}), kind: 'reached' }, people);
  }
}

async function noteDelay(
  deps: TakeFeedbackDependencies,
  feedback: SesFeedback & { type: 'delivery_delay' },
): Promise<void> {
  const { delayType } = feedback;
  // A receiver that suspects spam, or does not trust the sending server: the sender's standing, not the person's address.
  if (delayType === 'SpamDetected' || delayType === 'IPFailure') {
    deps.log.warn({ delay_type: delayType }, 'a receiver delays mail for what it thinks of the sender');
  }
  await note(deps, feedback, { what: 'delayed', delay: delayType });
}

async function noteEngagement(
  deps: TakeFeedbackDependencies,
  feedback: SesFeedback & { type: 'open' | 'click' },
): Promise<void> {
  const { id, at, type, by, tag } = feedback;
  if (tag !== undefined && !(await deps.memory.engagement.record(tag, { id, at, type, by }))) return;
  await note(deps, feedback, {
    what: type === 'open' ? 'opened' : 'clicked',
    by,
    ...(type === 'click' && { link: feedback.link }),
  });
  if (type === 'click' && by === 'human') await endStreaks(deps, feedback);
}

/** A fact about each address that the feedback names. */
async function note(
  deps: TakeFeedbackDependencies,
  feedback: SesFeedback,
  fact: Omit<Fact, 'at'> & { what: string },
): Promise<void> {
  const { template } = await aboutMail(deps, feedback);
  for (const { address } of feedback.recipients) {
    await deps.memory.facts.record(deps.memory.addressHash(address), [
      { at: feedback.at, ...fact, ...(template && { template }), feedback: short(feedback.id) },
    ]);
  }
}

async function aboutMail({ memory }: TakeFeedbackDependencies, { tag }: SesFeedback): Promise<MailAbout> {
  return tag === undefined ? {} : memory.sends.about(tag);
}

function origin({ id, at }: SesFeedback, { template, topic }: MailAbout) {
  return { id: short(id), at, ...(template && { template }), ...(topic && { topic }) };
}

/** Long enough to tell pieces of feedback about one address apart. */
function short(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 12);
}
