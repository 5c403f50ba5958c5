import type { Client } from '@temporalio/client';

import type { Config } from '../config/schema.ts';
import type { Dropped } from '../events/forgiving.ts';
import type { Event } from '../events/index.ts';
import { type ParsedEvent, parseEvent, type ParseResult } from '../events/parse.ts';
import { fullEvent } from '../events/split-event.ts';
import type { Logger } from '../runtime/log.ts';
import { everyTopic } from '../store/consents.ts';
import type { Store } from '../store/store.ts';
import { admitBlocks } from './admit-blocks.ts';
import { type Arrival, receivedAt } from './arrival.ts';
import type { DeadLetterReason } from './dead-letter.ts';
import type { Entry } from './entry/enter.ts';
import { topicName } from './feedback/known-words.ts';
import type { UnusableFeedback } from './feedback/ses-feedback.ts';
import { takeFeedback } from './feedback/take-feedback.ts';
import type { TellRecipient } from './feedback/tell-recipient.ts';
import type { FeedReports } from './feed-reports.ts';
import { eventSubject, isFeedback } from './lanes.ts';
import { withKnownTopics } from './known-topics.ts';
import type { IngressMetrics } from './metrics.ts';
import { recordPerson } from './record-person.ts';
import { routes } from './routes.ts';
import { listenersOf, startJourney, tellListeners } from './start-journey.ts';

/** What is needed to process a message. */
export interface TakeInDependencies {
  client: Client;
  store: Store;
  entry: Entry;
  /** The newest configuration that was right. */
  config: () => Pick<Config, 'events' | 'topics'>;
  tellRecipient: TellRecipient;
  reports: Pick<FeedReports, 'add'>;
  log: Logger;
  metrics: Pick<IngressMetrics, 'events' | 'dropped' | 'keptOut' | 'feedback'>;
}

/**
 * What became of a message. `processed`: everything that it causes is safely kept elsewhere. `refused`: it is a dead letter.
 * `continues`: one part of its work is done, and the next part follows when others have had their turn.
 */
export type Verdict =
  | { kind: 'processed' }
  | { kind: 'refused'; reason: DeadLetterReason; error: string }
  | { kind: 'continues'; from: number };

/** A message that has been read. `person`: whose events are processed one after another. */
export interface Reading {
  person?: string;
  /** Rejects when something that it needs is unavailable, or when it fails by itself. Safe to repeat. */
  process(): Promise<Verdict>;
}

/** Reads a message; nothing happens before `process` is called. Never throws. */
export function readMessage(deps: TakeInDependencies, arrival: Arrival): Reading {
  if (isFeedback(arrival.subject)) return { process: () => takeProviderEvent(deps, arrival) };
  const result = parseEvent(arrival.data);
  const process = () => takeEvent(deps, arrival, result);
  return result.ok ? { person: result.parsed.event.user_id, process } : { process };
}

/** What cannot be used is kept with the dead letters, where an operator can read it; it stops nothing. */
async function takeProviderEvent(deps: TakeInDependencies, arrival: Arrival): Promise<Verdict> {
  const { store, tellRecipient, reports, log, metrics } = deps;
  const count = (type: string, result: string) => metrics.feedback.inc({ type, result });
  const feedback = { store, tellRecipient, reports, count, log };
  const [unusable] = await takeFeedback(feedback, arrival.data, receivedAt(arrival));
  return unusable ? refused('unusable_feedback', whyUnusable(unusable)) : { kind: 'processed' };
}

export function whyUnusable({ reason, detail }: Pick<UnusableFeedback, 'reason' | 'detail'>): string {
  return `${reason}: ${detail}`;
}

async function takeEvent(deps: TakeInDependencies, arrival: Arrival, result: ParseResult): Promise<Verdict> {
  if (!result.ok) return refused(result.reason, result.error);
  const contradiction = contradicts(arrival.subject, result.parsed);
  if (contradiction) return refused('subject_mismatch', contradiction);

  const admitted = admitBlocks(result.parsed, deps.config());
  if (!admitted.ok) return refused('invalid_payload', admitted.error);
  const parsed = withKnownTopics(admitted.parsed, deps.config());
  const { event, personal } = parsed;
  const recorded = await deps.store.events.record({ event, personal, receivedAt: receivedAt(arrival) });
  if (recorded.kind === 'reused') return refused('event_id_reused', reusedBy(recorded.eventType));
  // Of an event that came before, what was stored then counts.
  return applyEvent(deps, { ...parsed, ...(recorded.kind === 'known' && recorded.stored) }, arrival);
}

function refused(reason: DeadLetterReason, error: string): Verdict {
  return { kind: 'refused', reason, error };
}

/** What is wrong with an event whose id belongs to one of `eventType`. */
export function reusedBy(eventType: string): string {
  return (
    `another event has this event_id: one of type ${eventType}, of another person or type; ` +
    'an id is used once, for one event of one person'
  );
}

/**
 * Who the event is about and what they agreed to is recorded first: the journey looks it up. Its own journey is started before
 * other journeys are told of it, since there may be thousands of those, and some may not answer.
 */
async function applyEvent(deps: TakeInDependencies, parsed: ParsedEvent, arrival: Arrival): Promise<Verdict> {
  const { client, store, log, metrics } = deps;
  const { event, personal, consent, dropped } = parsed;
  await recordPerson(store, parsed, receivedAt(arrival));
  if (dropped) await reportDropped(deps, event, dropped);
  if (consent && event.event_type === 'consent.revoked') await leaveJourneys(deps, event, consent.topics);

  const listeners = await listenersOf(store, event);
  const route = routes[event.event_type];
  const { enters, because } = await deps.entry.decide(fullEvent(event, personal), route, {
    told: listeners.length,
    dropped,
    asksAbout: event.event_type === 'consent.requested' ? consent?.topics : undefined,
  });
  const started = route && enters ? await startJourney(client, store, route, event) : undefined;
  const { told, continueFrom: next } = await tellListeners(
    { client, store, log },
    event,
    listeners,
    arrival.continueFrom,
  );
  if (next !== undefined) return { kind: 'continues', from: next };

  const result = !route ? 'no_journey' : !enters ? 'not_entered' : started ? 'started' : 'already_started';
  metrics.events.inc({ event_type: event.event_type, result });
  const { event_id, event_type, user_id } = event;
  if (because !== undefined) metrics.keptOut.inc({ journey: route?.starts ?? '', because });
  log.info(
    { event_id, event_type, user_id, journey: route?.starts, result, because, told, dropped },
    'event.processed',
  );
  return { kind: 'processed' };
}

/** What of an event could not be used is told as a fact about the person, and counted by field. */
async function reportDropped(
  { store, metrics }: TakeInDependencies,
  { event_id, event_type, user_id, timestamp: at }: Event,
  dropped: readonly Dropped[],
): Promise<void> {
  const id = `${event_id}/fields_dropped`;
  await store.facts.record([{ id, at, what: 'fields_dropped', user_id, event_id, details: { fields: dropped } }]);
  for (const { field, meant } of dropped) {
    metrics.dropped.inc({ event_type, field: (meant ?? field).replaceAll(/\.\d+/g, '[]') });
  }
}

/**
 * The consents know it already, as the producer put it; the recipient workflow ends what runs about these topics, and gets names
 * of topics and a word for the source alone. Without an address nothing is mailed.
 */
async function leaveJourneys(
  { store, tellRecipient }: TakeInDependencies,
  event: Event,
  topics: string[],
): Promise<void> {
  const { event_id: id, user_id: user, timestamp: at, metadata } = event;
  const address = await store.contacts.addressHashOf(user);
  if (address === undefined) return;
  const source = metadata?.['source'] ?? 'event';
  const named = topics.map((topic) => (topic === everyTopic ? topic : (topicName(topic) ?? 'other')));
  const people = await store.contacts.peopleAt(address);
  await tellRecipient(address, { kind: 'opt_out', id, at, topics: named, recorded: true, source }, people);
}

/** Why a subject does not go with an event: the bare one says nothing, any other must name the event's type. */
export function contradicts(subject: string, { event }: Pick<ParsedEvent, 'event'>): string | undefined {
  const said = subject.slice(eventSubject.length + 1);
  return subject === eventSubject || said === event.event_type
    ? undefined
    : `the subject says ${said}, the body says ${event.event_type}; publish to ${eventSubject}.${event.event_type}`;
}
