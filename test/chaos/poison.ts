import type { DeadLetterReason } from '../../ingress/dead-letter.ts';
import { orderCompleted, signedUp } from '../support/events.ts';
import { type Message, messageOf } from './message.ts';
import { brokenHeader, type Person } from './people.ts';

/** A message that must become a dead letter, one and no more. */
export interface Poison {
  kind: PoisonKind;
  message: Message;
  reason: DeadLetterReason;
  /** Published once this event is recorded: it has the same id, and the first of them is the good one. */
  after?: string;
}

interface Recipe {
  reason: DeadLetterReason;
  /** `victim`: a person whose good event it may resemble. */
  make(id: string, victim: Person, random: () => number): Omit<Message, 'id'> & { after?: string };
}

const order = 'marketing.events.order.completed';
const who = (user_id: string) => ({ user_id, email: 'poison@example.com' });
const whoIs = ({ user_id, address: email }: Person) => ({ user_id, email });
const event = (id: string) => ({ ...orderCompleted(who(id)), event_id: id });
const json = JSON.stringify;

const recipes = {
  'no JSON': { reason: 'invalid_json', make: (id) => ({ subject: order, body: `junk ${id}` }) },
  'no JSON, broken headers': {
    reason: 'invalid_json',
    make: (id, _, random) => ({ subject: order, body: `junk ${id}`, brokenHeader: brokenHeader(random) }),
  },
  'no JSON, bare subject': { reason: 'invalid_json', make: (id) => ({ subject: 'marketing.events', body: `{${id}` }) },
  'no UTF-8': {
    reason: 'invalid_utf8',
    make: (id) => ({ subject: order, body: Buffer.concat([Buffer.from(json(event(id))), Buffer.from([0xff])]) }),
  },
  'no object': { reason: 'not_an_object', make: (id) => ({ subject: order, body: json([id]) }) },
  'unknown type': {
    reason: 'unknown_event_type',
    make: (id) => messageOf({ ...event(id), event_type: 'pig.flown' }),
  },
  'total missing': {
    reason: 'invalid_payload',
    make: (id) => ({ subject: order, body: json({ ...event(id), payload: { order_id: 'o_1' } }) }),
  },
  'subject of another type': {
    reason: 'subject_mismatch',
    make: (id) => ({ subject: 'marketing.events.user.signed_up', body: json(event(id)) }),
  },
  'event_id with another type': {
    reason: 'event_id_reused',
    make: (_, victim) =>
      sameId(victim, (event_id, is) => ({
        ...(is === 'receipt' ? signedUp : orderCompleted)(whoIs(victim)),
        event_id,
      })),
  },
  'event_id with another person': {
    reason: 'event_id_reused',
    make: (id, victim) =>
      sameId(victim, (event_id, is) => ({ ...(is === 'receipt' ? orderCompleted : signedUp)(who(id)), event_id })),
  },
  'feedback that says nothing': {
    reason: 'unusable_feedback',
    make: (id) => ({ subject: 'marketing.feedback.ses.bounce', body: json({ eventType: 'Nothing', id }) }),
  },
  'among the retries': {
    reason: 'not_processable',
    make: (id) => ({ subject: 'marketing.retry.marketing.event', body: `junk ${id}` }),
  },
} satisfies Record<string, Recipe>;

type PoisonKind = keyof typeof recipes;
const poisonKinds = Object.keys(recipes) as PoisonKind[];

function sameId(
  { emails }: Person,
  make: (event_id: string, is: Person['emails'][number]['template']) => { event_id: string; event_type: string },
) {
  const { event_id, template } = emails[0]!;
  const { subject, body } = messageOf(make(event_id, template));
  return { subject, body, after: event_id };
}

/** So many of each kind. `victims`: people who are published early. */
export function makePoison(seed: number, each: number, victims: readonly Person[], random: () => number): Poison[] {
  const rounds = Array.from({ length: each }, (_, round) => round);
  return rounds.flatMap((round) =>
    poisonKinds.map((kind): Poison => {
      const { reason, make }: Recipe = recipes[kind];
      const id = `poison:${seed}:${kind.replaceAll(/[^A-Za-z_]+/g, '-')}:${round}`;
      const victim = victims[Math.floor(random() * victims.length)]!;
      const { after, ...message } = make(id, victim, random);
      return { kind, reason, message: { ...message, id }, ...(after !== undefined && { after }) };
    }),
  );
}
