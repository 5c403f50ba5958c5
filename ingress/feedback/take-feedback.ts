import { createHash } from 'node:crypto';

import PQueue from 'p-queue';

import type { RecipientFeedback } from '../../events/recipient-feedback.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Fact, FactName } from '../../store/facts.ts';
import type { Store } from '../../store/store.ts';
import type { EmailSummary } from '../../store/sends.ts';
import type { FeedReports } from '../feed-reports.ts';
import { normalise } from './normalise.ts';
import type { Recipient, SesFeedback, UnusableFeedback } from './ses-feedback.ts';
import type { TellRecipient } from './tell-recipient.ts';

export interface TakeFeedbackDependencies {
  store: Pick<Store, 'sends' | 'contacts' | 'recipients' | 'facts' | 'engagement' | 'addressHashes'>;
  tellRecipient: TellRecipient;
  /** Counts emails that the feed reported for the first time. */
  reports: Pick<FeedReports, 'add'>;
  count: (type: string, result: FeedbackResult) => void;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * What a piece of feedback did. `confirmed`: the ledger knows the mail. `duplicate`: it tells of a mail that has left twice.
 * `not_ours`: of one that this deployment did not send. `notice`: it is about the topic of SNS, not about a mail. `unusable`: of nothing
 * that can be acted on.
 */
export type FeedbackResult = 'confirmed' | 'duplicate' | 'not_ours' | 'notice' | 'unusable';

const ofLedger = { accepted: 'confirmed', again: 'duplicate', no_record: 'not_ours' } as const;

/**
 * Takes in what the provider tells. Any event about a mail proves that the provider has it: the ledger is told, so that a
 * send whose answer was lost is settled. What an event says about an address goes to the workflow of that address.
 * Gives what was unusable, for whoever keeps it.
 */
export async function takeFeedback(
  deps: TakeFeedbackDependencies,
  bytes: Uint8Array,
  arrivedAt = Date.now(),
): Promise<UnusableFeedback[]> {
  const unusable: UnusableFeedback[] = [];
  for (const feedback of normalise(bytes)) {
    if (feedback.type === 'notice') {
      deps.count(feedback.notice, 'notice');
      deps.log.info({ notice: feedback.notice }, 'feedback.notice');
      continue;
    }
    const result = await confirm(deps, feedback, arrivedAt);
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
  { store, reports }: TakeFeedbackDependencies,
  { tag, messageId }: { tag?: string; messageId?: string },
  arrivedAt: number,
): Promise<FeedbackResult> {
  if (tag === undefined || messageId === undefined) return 'not_ours';
  const { kind, dispatchedAt } = await store.sends.confirm(tag, messageId);
  if (dispatchedAt !== undefined) reports.add(dispatchedAt, arrivedAt);
  return ofLedger[kind];
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
  await new PQueue({ concurrency: signalsAtOnce }).addAll(
    feedback.recipients.map((recipient) => async () => {
      for (const address of deps.store.addressHashes(recipient.address)) {
        const people = await deps.store.contacts.peopleAt(address);
        await deps.tellRecipient(address, { ...origin(feedback, about), ...said(feedback, recipient) }, people);
      }
    }),
  );
}

/** A message may name many recipients, and every signal has a deadline: all of them at once would miss it. */
const signalsAtOnce = 10;

type Said = RecipientFeedback extends infer Each
  ? Each extends unknown
    ? Omit<Each, 'id' | 'at' | 'template' | 'topic'>
    : never
  : never;

function said(feedback: SesFeedback, { status, unknownUser }: Recipient): Said {
  switch (feedback.type) {
    case 'bounce': {
      const { bounceType: type, subType: sub_type } = feedback;
      return {
        kind: 'bounce',
        type,
        sub_type,
        ...(status !== undefined && { status }),
        ...(unknownUser && { unknown_user: true }),
      };
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
  for (const address of feedback.recipients.flatMap((recipient) => deps.store.addressHashes(recipient.address))) {
    if (!(await deps.store.recipients.hasStreak(address))) continue;
    const people = await deps.store.contacts.peopleAt(address);
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
  await deps.store.facts.record(await factsAbout(deps, feedback, 'delayed', { delay: delayType }));
}

async function noteEngagement(
  deps: TakeFeedbackDependencies,
  feedback: SesFeedback & { type: 'open' | 'click' },
): Promise<void> {
  const { id, at, type, by, tag } = feedback;
  const what = type === 'open' ? 'opened' : 'clicked';
  const facts = await factsAbout(deps, feedback, what, { by, ...(type === 'click' && { link: feedback.link }) });
  if (tag === undefined) await deps.store.facts.record(facts);
  else if (!(await deps.store.engagement.record(tag, { id, at, type, by }, facts))) return;
  if (type === 'click' && by === 'human') await endStreaks(deps, feedback);
}

/**
 * A fact about each address that the feedback names. The same thing said again about one email is the same fact: the first open
 * is one, and how many there were is counted elsewhere.
 */
async function factsAbout(
  deps: TakeFeedbackDependencies,
  feedback: SesFeedback,
  what: FactName,
  details: Record<string, string>,
): Promise<Fact[]> {
  const { id, at, tag } = feedback;
  const { user, template } = await aboutMail(deps, feedback);
  const about = { ...(user && { user_id: user }), ...(template && { template }), ...(tag && { tag }) };
  return feedback.recipients.map(({ address }) => {
    const [address_hash] = deps.store.addressHashes(address);
    const cause = tag === undefined ? short(id) : `${tag}/${short(JSON.stringify(details))}`;
    return { id: `${address_hash}/${what}/${cause}`, at, what, address_hash, ...about, details };
  });
}

async function aboutMail({ store }: TakeFeedbackDependencies, { tag }: SesFeedback): Promise<EmailSummary> {
  return tag === undefined ? {} : store.sends.about(tag);
}

function origin({ id, at }: SesFeedback, { template, topic }: EmailSummary) {
  return { id: short(id), at, ...(template && { template }), ...(topic && { topic }) };
}

/** Long enough to tell pieces of feedback about one address apart. */
function short(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 12);
}
