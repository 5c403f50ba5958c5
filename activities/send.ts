import type { Event } from '../events/index.ts';
import { messageKey, messageTag } from '../store/message-key.ts';
import type { EmailIdentity } from '../store/sends.ts';
import { stopsBefore } from '../store/stops.ts';
import type { Template } from '../templates/catalogue.ts';
import type { Undeliverable } from './check-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { WaitType } from './failures.ts';

/** What a journey asks for. */
export interface SendRequest {
  /** Its public fields; the others are joined from the record when the email is rendered. */
  event: Event;
  template: string;
  /** The template version that the email began with; without it, the live one. */
  version?: string;
  /** Tells two sends of one template by one journey apart. */
  key?: string;
  /** The journey that sends it, so that it can be paused by name. */
  journey?: string;
  /** When the journey asked for it, Unix ms; without it, when the event happened. */
  since?: number;
  /** What the inline attempt has to wait for: the first queued attempt waits for it. */
  wait?: Wait;
  /** Claims of attempts that certainly sent nothing, and could not give their claim back. */
  unsent?: string[];
}

/** A wait of a known length, as the failure that stands for it. */
export interface Wait {
  ms: number;
  type: WaitType;
  message: string;
}

/**
 * How a send ended. `unknown`: it may have been sent, nothing says so, and a marketing email is not sent twice. `deferred`: not
 * at this hour; ask again at `until`.
 */
export interface SendResult {
  outcome: 'sent' | 'unknown' | 'deferred' | Undeliverable;
  /** Of a deferred email: from then on it may be sent. Unix ms. */
  until?: number;
  /** Of a deferred email: claims of attempts that certainly sent nothing. The next request passes them on. */
  unsent?: string[];
  /** The provider's id; absent when the answer was lost. */
  message_id?: string;
  version?: string;
  /** Sent again after an answer was lost and no fact decided about the attempt before. */
  possible_duplicate?: true;
}

/** One email on its way: what the steps of `sendEmail` share. */
export interface Send extends EmailIdentity {
  content: Template;
  attempt: Attempt;
}

/** One attempt at an email. Inline attempts and queued ones take the same steps and differ in their patience. */
export interface Attempt {
  /** Its claim in the ledger: the run, the activity, the attempt, and this execution of it. */
  id: string;
  way: 'inline' | 'queued';
  /** Nothing was waited for yet. False after an operator's reset too: the email is wanted tried now. */
  isFirst: boolean;
  /** A wait up to this long is spent in the attempt, in ms; a longer one gives the worker's place back. */
  patienceMs: number;
  /** How long ago the journey asked, in ms, by Temporal's clock: workers' clocks may lie. */
  askedForMs: number;
  /** Claims of earlier attempts that certainly sent nothing. */
  unsent: readonly string[];
  /** Tells the next attempt that this claim certainly sent nothing. */
  leaveUnsent(claim: string): void;
}

/** A queued attempt waits for the last second before its slot. */
export const queuedPatienceMs = 1_000;

/** An inline one waits a moment: during a workflow task its run hears nothing, not even that it is cancelled. */
export const inlinePatienceMs = 250;

/** The email that a journey asks for, as ledger, limiter and stops know it. */
export function describe(
  { settings }: Pick<ActivityDependencies, 'settings'>,
  content: Template,
  request: SendRequest,
  attempt: Attempt,
): Send {
  const { event, journey, since = event.timestamp } = request;
  const key = messageKey(event.event_id, content.name, request.key);
  const { configurationSet } = settings;
  const { from } = settings.sender(content);
  return {
    tag: messageTag(key),
    messageKey: key,
    eventId: event.event_id,
    user: event.user_id,
    journey,
    template: content.name,
    templateVersion: content.version,
    topic: content.topic,
    class: content.class,
    askedAt: since,
    content,
    stops: stopsBefore({ from, configurationSet, journey, topic: content.topic }),
    attempt,
  };
}
