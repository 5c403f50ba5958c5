import { Context } from '@temporalio/activity';

import type { Event } from '../events/index.ts';
import { messageKey, messageTag } from '../state/keys.ts';
import type { RecipientState } from '../state/recipients.ts';
import type { Template } from '../templates/catalogue.ts';
import { applyFeedback, type Judgement } from './apply-feedback.ts';
import { checkStanding, type Undeliverable } from './check-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { describePerson, type PersonFacts } from './describe-person.ts';
import { neverAgain, tryAgainIn } from './failures.ts';
import { type RenderedReference, referenceTo } from './render-email.ts';
import { type SendRequest, type SendResult, soonMs } from './send.ts';
import { sendEmail } from './send-email.ts';
import { createRoomInTurns, type NotNow, sendEmailNow, type SentNow } from './send-email-now.ts';
import { attemptOfTemporal, type SyncReport, syncSuppressions } from './sync-suppressions.ts';

export type { PersonFacts } from './describe-person.ts';
export type { Undeliverable } from './check-consent.ts';
export type { SendRequest, SendResult } from './send.ts';
export type { NotNow, SentNow } from './send-email-now.ts';
export type { SyncReport } from './sync-suppressions.ts';

/** What journeys may ask of the world. Workflow code sees these types and nothing of what is behind them. */
export interface Activities {
  /** May this person get this template now? Idempotent, reads only. */
  checkConsent(template: string, userId: string): Promise<'may_send' | Undeliverable>;
  /** Does the template render for this person and event? Fails for good when something it needs is missing. */
  renderEmail(template: string, event: Event): Promise<RenderedReference>;
  /** Sends one mail at most once. A repeated call gives the recorded result. */
  sendEmail(request: SendRequest): Promise<SendResult>;
  /** The same, if it can leave within a moment and nothing is in doubt about it. */
  sendEmailNow(request: SendRequest): Promise<SentNow | NotNow>;
  /** What a journey may know of somebody: where they are, and their language. */
  describePerson(userId: string): Promise<PersonFacts>;
  /** Whether a person, not a machine, has clicked in this mail. `event` is the id of the event that it was sent for. */
  wasClicked(event: string, template: string, key?: string): Promise<boolean>;
  /** What the recipient workflow of this address knew when it ended. */
  recallRecipient(address: string): Promise<RecipientState | undefined>;
  /** Does what follows from feedback about an address. A repetition changes nothing. */
  applyFeedback(address: string, judgement: Judgement): Promise<void>;
  /** Compares the suppressions with the provider's list, in both directions. May be repeated; goes on where it stopped. */
  syncSuppressions(): Promise<SyncReport>;
}

export function createActivities(deps: ActivityDependencies): Activities {
  const room = createRoomInTurns();
  return {
    async checkConsent(name, userId) {
      const standing = await checkStanding(deps.memory, await find(deps, name), userId, deps.settings.consentModel);
      return standing.may ? 'may_send' : standing.why;
    },
    async renderEmail(name, event) {
      return referenceTo(await find(deps, name), await deps.memory.contacts.find(event.user_id), event.payload);
    },
    async sendEmail(request) {
      waitBefore(request);
      return sendEmail(deps, await find(deps, request.template, request.version), request);
    },
    async sendEmailNow(request) {
      return sendEmailNow(deps, await find(deps, request.template, request.version), request, room);
    },
    describePerson: (userId) => describePerson(deps.memory, userId),
    wasClicked: (event, template, key) => deps.memory.engagement.clicked(messageTag(messageKey(event, template, key))),
    recallRecipient: (address) => deps.memory.recipients.recall(address),
    applyFeedback: (address, judgement) => applyFeedback(deps, address, judgement),
    syncSuppressions: () => syncSuppressions(deps, attemptOfTemporal()),
  };
}

/**
 * What the try in the workflow turn was told to wait for, by the server's clock: those of workers differ. An operator who
 * resets the activity wants it tried now, and gets that.
 */
function waitBefore({ wait }: SendRequest): void {
  // A slot that comes within a second is waited for by the attempt itself.
  if (!wait || wait.ms <= (wait.type === 'RateLimited' ? soonMs : 1)) return;
  const { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = Context.current().info;
  const isFirst = attempt === 1 && currentAttemptScheduledTimestampMs - scheduledTimestampMs < 10;
  if (isFirst) throw tryAgainIn(wait.ms, wait.type, wait.message);
}

async function find({ templates }: ActivityDependencies, reference: string, version?: string): Promise<Template> {
  const template = await templates.find(reference, version);
  if (template) return template;
  const what = version === undefined ? `"${reference}"` : `"${reference}" in version ${version}`;
  throw neverAgain('TemplateMissing', `no template ${what} is published; there are ${templates.names().join(', ')}`);
}
