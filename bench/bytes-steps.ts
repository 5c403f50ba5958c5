import { randomUUID } from 'node:crypto';

import { parseEvent, type ParsedEvent } from '../events/parse.ts';
import { takeFeedback } from '../ingress/feedback/take-feedback.ts';
import { recordPerson } from '../ingress/record-person.ts';
import { messageKey, messageTag, messageTagName } from '../store/message-key.ts';
import type { Store } from '../store/store.ts';
import { newOrder } from './orders.ts';
import type { Sending } from './sending.ts';

/** What is written for each of many, with the product's own code. */
export interface Step {
  /** What there is one of. */
  one: string;
  write: (index: number) => Promise<void>;
}

/** The steps in order: a later one needs what the earlier ones have written. Ids are UUIDs. */
export function stepsOf({ store, activities, waiting }: Sending, count: number): Step[] {
  const orders = Array.from({ length: count }, () => newOrder());
  const providerIds: string[] = [];
  const processed = (index: number, type: string, details: object) =>
    takeFeedback(feedbackDependencies(store), sesEvent(orders[index]!, providerIds[index]!, type, details));
  const readers = { userAgent: 'Mozilla/5.0', ipAddress: '192.0.2.1' };
  return [
    {
      one: 'person, with consent to one topic',
      write: (index) =>
        recordPerson(store, parsed(signup(orders[index]!.user_id, orders[index]!.payload.contact.email)), Date.now()),
    },
    {
      one: 'event, with its decision',
      async write(index) {
        const { event, personal } = parsed(orders[index]!);
        await store.events.record({ event, personal, receivedAt: Date.now() });
        const { event_id: id, event_type, user_id } = event;
        await store.entries.settle(id, {
          event_type,
          user_id,
          at: Date.now(),
          told: 0,
          journey: 'receipt',
          enters: true,
        });
      },
    },
    {
      one: 'open journey that listens',
      async write(index) {
        const times = { since: Date.now(), registeredAt: Date.now() };
        const journey = { journey: 'onboarding', listensFor: ['project.created'], topic: 'onboarding', ...times };
        await store.running.register(orders[index]!.user_id, { workflowId: randomUUID(), ...journey });
      },
    },
    {
      one: 'email',
      async write(index) {
        const { event } = parsed(orders[index]!);
        // On a busy machine an inline attempt may run out of patience; the next one continues.
        for (let attempt = 1; providerIds[index] === undefined; attempt++) {
          const result = await activities.sendEmailInline({ event, template: 'receipt', journey: 'receipt' });
          if (result.outcome === 'sent') providerIds[index] = result.message_id!;
          else if (attempt === 20) throw new Error(`An email ended as ${JSON.stringify(result)}.`);
        }
      },
    },
    {
      one: 'email reported as sent',
      async write(index) {
        await processed(index, 'Send', {});
      },
    },
    {
      one: 'email reported as delivered',
      async write(index) {
        const recipients = [orders[index]!.payload.contact.email];
        await processed(index, 'Delivery', { recipients, smtpResponse: '250 ok', processingTimeMillis: 500 });
      },
    },
    {
      one: 'opened email',
      async write(index) {
        await processed(index, 'Open', readers);
      },
    },
    {
      one: 'clicked email',
      async write(index) {
        await processed(index, 'Click', { ...readers, link: 'https://example.com/start', linkTags: null });
      },
    },
    {
      one: 'email that waits for a slot',
      async write(index) {
        await waiting.take(messageTag(messageKey(orders[index]!.event_id, 'waiting')), {
          lane: 'marketing',
          since: Date.now(),
        });
      },
    },
  ];
}

function signup(user: string, email: string) {
  const contact = { email, name: 'Ada Lovelace', locale: 'en-GB', time_zone: 'Europe/London', country: 'GB' };
  const consent = {
    topics: ['onboarding'],
    source: 'sign-up form',
    wording: 'Yes, send me tips.',
    captured_at: Date.now(),
  };
  const payload = { plan: 'free', contact, consent };
  return { event_id: randomUUID(), event_type: 'user.signed_up', user_id: user, timestamp: Date.now(), payload };
}

function parsed(event: object): ParsedEvent {
  const result = parseEvent(Buffer.from(JSON.stringify(event)));
  if (!result.ok) throw new Error(result.error);
  return result.parsed;
}

function feedbackDependencies(store: Store): Parameters<typeof takeFeedback>[0] {
  const log = { info() {}, warn() {}, error: console.error };
  return { store, tellRecipient: async () => {}, reports: { add() {} }, count() {}, log };
}

/** As SES writes it. */
function sesEvent(order: ReturnType<typeof newOrder>, messageId: string, eventType: string, details: object): Buffer {
  const timestamp = new Date().toISOString();
  const { email } = order.payload.contact;
  const tag = messageTag(messageKey(order.event_id, 'receipt'));
  const mail = {
    timestamp,
    source: 'hello@example.com',
    messageId,
    destination: [email],
    tags: { [messageTagName]: [tag] },
  };
  return Buffer.from(JSON.stringify({ eventType, mail, [eventType.toLowerCase()]: { timestamp, ...details } }));
}
