import { messageKey, messageTag } from '../store/message-key.ts';
import type { RecipientState } from '../store/recipients.ts';
import type { Template } from '../templates/catalogue.ts';
import { applyFeedback, type Judgement } from './apply-feedback.ts';
import { eligibility, personOnly, type Undeliverable } from './check-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { describePerson, type PersonFacts } from './describe-person.ts';
import { waitFor } from './failures.ts';
import { createInlineCapacity, inline, type Queued, type SentInline } from './inline.ts';
import { queuedPatienceMs, type SendRequest, type SendResult } from './send.ts';
import { sendEmail } from './send-email.ts';
import { attemptOfTemporal, type SyncReport, syncSuppressions } from './sync-suppressions.ts';

export type { PersonFacts } from './describe-person.ts';
export type { Undeliverable } from './check-consent.ts';
export type { SendRequest, SendResult } from './send.ts';
export type { Queued, SentInline } from './inline.ts';
export type { SyncReport } from './sync-suppressions.ts';

/** What journeys may ask of the world. Workflow code sees these types and nothing of what is behind them. */
export interface Activities {
  /** May this person get this template now? Reads only. */
  checkConsent(template: string, userId: string): Promise<'may_send' | Undeliverable>;
  /** Sends one email at most once. A repeated call returns the recorded result. */
  sendEmail(request: SendRequest): Promise<SendResult>;
  /** The same within a workflow task, if it can be sent within a moment and is not in doubt. */
  sendEmailInline(request: SendRequest): Promise<SentInline | Queued>;
  /** What a journey may know of a person: their time zone, language, country and plan. */
  describePerson(userId: string): Promise<PersonFacts>;
  /** Whether a person, not a machine, has clicked in this email. `event` is the id of the event that it was sent for. */
  wasClicked(event: string, template: string, key?: string): Promise<boolean>;
  /** What the recipient workflow of this address knew when it ended. */
  recallRecipient(address: string): Promise<RecipientState | undefined>;
  /** Does what follows from feedback about an address. Repeating it changes nothing. */
  applyFeedback(address: string, judgement: Judgement): Promise<void>;
  /** Compares the suppressions with the provider's list, in both directions. May be repeated; continues where it stopped. */
  syncSuppressions(): Promise<SyncReport>;
}

export function createActivities(deps: ActivityDependencies): Activities {
  const capacity = createInlineCapacity();
  return {
    async checkConsent(name, userId) {
      const template = await find(deps, name);
      const person = await deps.store.sends.look(personOnly(template, userId));
      const eligible = eligibility(person, template, deps.settings.consentModel);
      return eligible.may ? 'may_send' : eligible.why;
    },
    async sendEmail(request) {
      const attempt = deps.attemptOf(request, 'queued');
      if (attempt.isFirst) waitBefore(request);
      const template = await find(deps, request.template, request.version);
      return sendEmail(deps, template, request, attempt);
    },
    async sendEmailInline(request) {
      const template = await find(deps, request.template, request.version);
      const attempt = deps.attemptOf(request, 'inline');
      return inline(
        template,
        attempt.unsent,
        capacity.within(() => sendEmail(deps, template, request, attempt)),
      );
    },
    describePerson: (userId) => describePerson(deps.store, userId, deps.now()),
    wasClicked: (event, template, key) => deps.store.engagement.clicked(messageTag(messageKey(event, template, key))),
    recallRecipient: (address) => deps.store.recipients.recall(address),
    applyFeedback: (address, judgement) => applyFeedback(deps, address, judgement),
    syncSuppressions: () => syncSuppressions(deps, attemptOfTemporal()),
  };
}

/** What the inline attempt was told to wait for, by Temporal's clock: those of workers differ. */
function waitBefore({ wait }: SendRequest): void {
  // A slot that comes within a second is waited for by the attempt itself.
  if (wait && wait.ms > (wait.type === 'WaitingForSlot' ? queuedPatienceMs : 1))
    throw waitFor(wait.ms, wait.type, wait.message);
}

/** A version that is missing may come back with the record it was lost from: the email waits for it. */
async function find(
  { templates, log, settings }: ActivityDependencies,
  reference: string,
  version?: string,
): Promise<Template> {
  const template = await templates.find(reference, version);
  if (template) return template;
  log.error({ template: reference, version }, 'template.missing');
  const what = version === undefined ? `"${reference}"` : `"${reference}" in version ${version}`;
  const known = templates.names().join(', ');
  throw waitFor(settings.probeEveryMs, 'TemplateMissing', `no template ${what} is published; published are ${known}`);
}
