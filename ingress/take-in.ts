import type { JetStreamClient, JsMsg } from '@nats-io/jetstream';
import type { Client } from '@temporalio/client';

import type { Event, EventType } from '../events/index.ts';
import { type ParsedEvent, parseEvent } from '../events/parse.ts';
import type { Logger } from '../runtime/log.ts';
import { isTransient } from '../runtime/temporal.ts';
import type { ConsentState } from '../state/consents.ts';
import type { Memory } from '../state/memory.ts';
import { type DeadLetterReason, writeDeadLetter } from './dead-letter.ts';
import type { Entry } from './entry/enter.ts';
import { takeFeedback } from './feedback/take-feedback.ts';
import type { TellRecipient } from './feedback/tell-recipient.ts';
import type { inOrder } from './in-order.ts';
import type { IngressMetrics } from './metrics.ts';
import { routes } from './routes.ts';
import { startJourney, tellListeners } from './start-journey.ts';

/** What ingress needs to take in one message. */
export interface TakeInDependencies {
  client: Client;
  js: JetStreamClient;
  /** The largest message NATS takes, in bytes. */
  maxPayload: () => number;
  memory: Memory;
  inOrder: ReturnType<typeof inOrder>;
  entry: Entry;
  tellRecipient: TellRecipient;
  log: Logger;
  metrics: IngressMetrics;
}

/** What became of a message. `away`: something it needs is away; it was handed back, and pulling should stop. */
export type Taken = 'done' | 'dead_letter' | 'later' | 'away';

/** An event that still cannot be taken in after this many deliveries, with everything up, goes to the dead letters. */
const maxDeliveries = 20;

/** Takes in one message and answers it: acknowledged only when everything that it causes is safely kept elsewhere. */
export async function takeIn(deps: TakeInDependencies, message: JsMsg): Promise<Taken> {
  try {
    if (message.info.deliveryCount > maxDeliveries) {
      return await bury(
        deps,
        message,
        'not_processable',
        `could not be taken in after ${maxDeliveries} deliveries; the log has each error`,
      );
    }
    if (message.subject.startsWith('marketing.feedback.')) {
      return await takeProviderEvent(deps, message);
    }
    return await takeEvent(deps, message);
  } catch (error) {
    return handBack(deps, message, error);
  }
}

/** What cannot be used is kept with the dead letters, where somebody can look at it; it stops nothing. */
async function takeProviderEvent(deps: TakeInDependencies, message: JsMsg): Promise<Taken> {
  const { memory, tellRecipient, log, metrics } = deps;
  const count = (type: string, result: string) => metrics.feedback.inc({ type, result });
  const [unusable] = await takeFeedback({ memory, tellRecipient, count, log }, message.data);
  if (unusable) return bury(deps, message, 'unusable_feedback', `${unusable.reason}: ${unusable.detail}`);
  message.ack(); // should it be lost, the same is told once more
  return 'done';
}

async function takeEvent(deps: TakeInDependencies, message: JsMsg): Promise<Taken> {
  const result = parseEvent(message.data);
  if (!result.ok) return bury(deps, message, result.reason, result.error);
  const contradiction = contradicts(message.subject, result.parsed);
  if (contradiction) return bury(deps, message, 'subject_mismatch', contradiction);

  await deps.inOrder(result.parsed.event.user_id, () => admit(deps, result.parsed));
  await message.ackAck();
  return 'done';
}

/** Who and what they agreed to goes to Redis; the event itself, without either, to Temporal. In this order: the journey looks them up. */
async function admit(deps: TakeInDependencies, { event, contact, consent }: ParsedEvent): Promise<void> {
  const { client, memory, log, metrics } = deps;
  const known = { ...contact, ...planOf(event) };
  await memory.contacts.record(event.user_id, known, event.timestamp);
  if (consent) {
    const state = saidBy[event.event_type] ?? 'granted';
    await memory.consents.record(event.user_id, { id: event.event_id, state, consent, at: event.timestamp });
  }

  if (consent && event.event_type === 'consent.revoked') await leaveJourneys(deps, event, consent.topics);

  const told = await tellListeners(client, memory, event);
  const route = routes[event.event_type];
  const { enters, because } = await deps.entry.decide(event, route, told);
  const started = route && enters ? await startJourney(client, memory, route, event) : undefined;

  const result = !route ? 'no_journey' : !enters ? 'not_entered' : started ? 'started' : 'already_started';
  metrics.events.inc({ event_type: event.event_type, result });
  const { event_id, event_type, user_id } = event;
  if (because !== undefined) metrics.keptOut.inc({ journey: route?.starts ?? '', because });
  log.info({ event_id, event_type, user_id, journey: route?.starts, result, because, told }, 'event taken in');
}

/** The plan that an event names is of use to later journeys of the person too. */
function planOf({ payload }: Event): { plan?: string } {
  return 'plan' in payload && payload.plan !== undefined ? { plan: payload.plan } : {};
}

/** The consents know it already; the recipient workflow ends what runs about these topics. Without an address nothing is mailed. */
async function leaveJourneys(
  { memory, tellRecipient }: TakeInDependencies,
  event: Event,
  topics: string[],
): Promise<void> {
  const { event_id: id, user_id: user, timestamp: at, metadata } = event;
  const address = await memory.contacts.addressHashOf(user);
  if (address === undefined) return;
  const source = metadata?.['source'] ?? 'event';
  await tellRecipient(address, { kind: 'opt_out', id, at, topics, user, recorded: true, source }, [user]);
}

/** What a consent block means in an event of these types; in any other it is a consent. */
const saidBy: Partial<Record<EventType, ConsentState>> = {
  'consent.revoked': 'revoked',
  'consent.requested': 'pending',
};

/** The bare subject says nothing; any other must name the event's type. */
function contradicts(subject: string, { event }: ParsedEvent): string | undefined {
  const said = subject.slice('marketing.events.'.length);
  return subject === 'marketing.events' || said === event.event_type
    ? undefined
    : `the subject says ${said}, the body says ${event.event_type}; publish to marketing.events.${event.event_type}`;
}

async function bury(deps: TakeInDependencies, message: JsMsg, reason: DeadLetterReason, error: string): Promise<Taken> {
  await writeDeadLetter(deps.js, deps.memory, message, reason, error, deps.maxPayload());
  deps.metrics.deadLetters.inc({ reason });
  deps.log.warn(
    { seq: message.seq, subject: message.subject, reason, error },
    'event refused: it is in the dead letters',
  );
  return 'dead_letter';
}

function handBack(deps: TakeInDependencies, message: JsMsg, error: unknown): Taken {
  const { seq } = message;
  const { deliveryCount } = message.info;
  if (isTransient(error)) {
    deps.log.warn({ seq, deliveries: deliveryCount, err: error }, 'event handed back: something it needs is away');
    message.nak(1_000 + Math.random() * 4_000);
    return 'away';
  }
  deps.log.error({ seq, deliveries: deliveryCount, err: error }, 'event handed back: it could not be taken in');
  message.nak(Math.min(60_000, 1_000 * 2 ** deliveryCount));
  return 'later';
}
