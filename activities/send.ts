import type { Event } from '../events/index.ts';
import { messageKey, messageTag } from '../state/keys.ts';
import type { Terms } from '../state/rates.ts';
import { stopsBefore } from '../state/stops.ts';
import type { Template } from '../templates/catalogue.ts';
import type { Undeliverable } from './check-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { FailureType } from './failures.ts';

/** What a journey asks for. */
export interface SendRequest {
  event: Event;
  template: string;
  /** The version of the template that the mail has begun with; without it, the live one. */
  version?: string;
  /** Tells two sends of one template by one journey apart. */
  key?: string;
  /** The journey that sends it, so that it can be paused by name. */
  journey?: string;
  /** When the journey asked for it, Unix ms; without it, when the event happened. */
  since?: number;
  /** What the try in the workflow turn was told to wait for: the first attempt on the queue waits for it. */
  wait?: Wait;
}

/** A wait of a known length, in the words of the failure that stands for it. */
export interface Wait {
  ms: number;
  type: FailureType;
  message: string;
}

/**
 * How a send ended. `unknown`: it may have left, nothing told us, and a marketing mail is not sent twice. `deferred`: not
 * at this hour; ask again at `until`.
 */
export interface SendResult {
  outcome: 'sent' | 'unknown' | 'deferred' | Undeliverable;
  /** Of what is deferred: from then on it may leave. Unix ms. */
  until?: number;
  /** The provider's id; absent when the answer was lost. */
  message_id?: string;
  version?: string;
  /** Sent again after an answer was lost and the event feed was silent. */
  possible_duplicate?: true;
}

/** One mail on its way: what the steps of `sendEmail` share. */
export interface Send {
  /** Readable, for logs. */
  key: string;
  /** The same, hashed: what the ledger and the provider know it by. */
  tag: string;
  template: Template;
  /** Whose it is. */
  user: string;
  terms: Terms;
  /** A wait up to this long is spent in the attempt, in ms; a longer one gives the worker's place back. */
  patienceMs: number;
}

/** How the next attempt may go on. */
export interface WayIsFree {
  /** Attempts that the provider certainly did not take. */
  failures: number;
  /** The dead attempt whose claim is taken over. */
  over?: string;
  possibleDuplicate?: true;
}

/** `at_once`: in the workflow turn, where nothing may be in doubt. `patiently`: on the queue. */
export type Way = 'at_once' | 'patiently';

/** On the queue an attempt waits for its last second. */
export const soonMs = 1_000;

/** In a workflow turn it waits a moment: while a turn is under way, its run hears nothing, not even that it is cancelled. */
const momentMs = 250;

export const patienceMs: Readonly<Record<Way, number>> = { at_once: momentMs, patiently: soonMs };

/** The mail that a journey asks for, as the ledger and the limiter know it. */
export function describe(
  { settings }: Pick<ActivityDependencies, 'settings'>,
  template: Template,
  request: SendRequest,
  way: Way,
): Send {
  const key = messageKey(request.event.event_id, template.name, request.key);
  const { from, configurationSet } = settings;
  const { since = request.event.timestamp } = request;
  const stops = stopsBefore({ from, configurationSet, journey: request.journey, topic: template.topic });
  const { user_id: user } = request.event;
  const terms = { lane: template.class, since, stops };
  return { key, tag: messageTag(key), template, user, terms, patienceMs: patienceMs[way] };
}

/** What the ledger keeps beside a claim, for whoever hears of the mail by its tag. */
export function aboutOf({ user, template: { name, version, topic } }: Send) {
  return { user, template: name, version, ...(topic !== undefined && { topic }) };
}
