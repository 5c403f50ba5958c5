import { event as eventOf, orderCompleted, projectCreated, signedUp } from '../support/events.ts';
import type { FaultKind } from './faults.ts';
import { type Message, messageOf } from './message.ts';

/** One event that causes one email. */
export interface Caused {
  event_id: string;
  template: 'receipt' | 'welcome';
  transactional: boolean;
}

/** A person whom events are about. */
export interface Person {
  user_id: string;
  address: string;
  /** All good, in the order in which they are published. Nothing else orders them. */
  messages: Message[];
  emails: Caused[];
  /** The event that causes their email lacks the address or the consent: another one brings it. */
  apart?: true;
  /** What SES does with the first request for an email to them. */
  fault?: FaultKind;
}

/** Emails of one person with many events. */
const hotShare = 0.06;
const hotAtMost = 150;
/** Events of theirs that cause no email, for each that does: together more than an ingress lets wait for one person. */
const othersForEach = 6;

/** Emails of sign-ups that are published in one go. */
const bulkShare = 0.15;

export interface Crowd {
  ordinary: Person[];
  /** Published in one go. */
  bulk: Person[];
  hot: Person;
}

/** All people, with so many emails in total or one more: a person may cause two. */
export function makeCrowd(seed: number, emails: number, random: () => number): Crowd {
  const hot = hotUser(seed, Math.min(hotAtMost, Math.ceil(emails * hotShare)));
  const bulk = Array.from({ length: Math.round(emails * bulkShare) }, (_, index) =>
    whole(`bulk_${seed}_${index}`, false),
  );
  const ordinary: Person[] = [];
  for (let left = emails - hot.emails.length - bulk.length; left > 0;) {
    const person = someone(`chaos_${seed}_${ordinary.length}`, ordinary.length % 2 === 0, random);
    ordinary.push(person);
    left -= person.emails.length;
  }
  return { ordinary, bulk, hot };
}

/** One more receipt. */
export function oneOrder(seed: number, index: number, fault?: FaultKind): Person {
  return { ...whole(`more_${seed}_${index}`, true), ...(fault && { fault }) };
}

/** Ends the onboarding of a person who was welcomed, so that the run closes. */
export function goodbyeOf({ user_id }: Person): Message {
  return messageOf({ ...projectCreated({ user_id }), event_id: `${user_id}:project` });
}

/** Of two orders in five, and of a quarter of the sign-ups, another event brings the address or the consent. Some opt out, or have broken headers. */
function someone(user_id: string, orders: boolean, random: () => number): Person {
  const at = random();
  if (orders) {
    if (at < 0.12) return orderAndSignUp(user_id, 'order first');
    if (at < 0.26) return orderAndSignUp(user_id, 'sign-up first');
    if (at < 0.4) return inParts(user_id, true, at < 0.33);
  } else {
    if (at < 0.25) return inParts(user_id, false, at < 0.12);
    if (at < 0.4) return withOptOut(user_id);
  }
  const person = whole(user_id, orders);
  if (at > 0.95) for (const message of person.messages) message.brokenHeader = brokenHeader(random);
  return person;
}

/** A byte in the name of a header that clients reject and NATS accepts. */
export function brokenHeader(random: () => number): string {
  const odd = [0x00, 0x01, 0x07, 0x20, 0x7f, 0x80, 0xc3, 0xff];
  return `X-${String.fromCharCode(odd[Math.floor(random() * odd.length)]!)}y: v`;
}

function addressOf(user_id: string): { user_id: string; email: string } {
  return { user_id, email: `${user_id}@example.com` };
}

function eventsOf(user_id: string) {
  const who = addressOf(user_id);
  return {
    order: { ...orderCompleted(who), event_id: `${user_id}:order` },
    signUp: { ...signedUp(who), event_id: `${user_id}:sign-up` },
  };
}

function receipt(event_id: string): Caused {
  return { event_id, template: 'receipt', transactional: true };
}

function welcome(event_id: string): Caused {
  return { event_id, template: 'welcome', transactional: false };
}

function whole(user_id: string, orders: boolean): Person {
  const { order, signUp } = eventsOf(user_id);
  const event = orders ? order : signUp;
  return {
    user_id,
    address: addressOf(user_id).email,
    messages: [messageOf(event)],
    emails: [orders ? receipt(event.event_id) : welcome(event.event_id)],
  };
}

/** The order has no address: the sign-up brings it, and causes an email too. */
function orderAndSignUp(user_id: string, which: 'order first' | 'sign-up first'): Person {
  const { order, signUp } = eventsOf(user_id);
  const messages = [messageOf(without(order, 'contact')), messageOf(signUp)];
  return {
    user_id,
    address: addressOf(user_id).email,
    messages: which === 'order first' ? messages : messages.toReversed(),
    emails: [receipt(order.event_id), welcome(signUp.event_id)],
    apart: true,
  };
}

/** An order without the address, or a sign-up without the consent, and the event that brings it. */
function inParts(user_id: string, orders: boolean, otherFirst: boolean): Person {
  const person = whole(user_id, orders);
  const { order, signUp } = eventsOf(user_id);
  const event = orders ? order : signUp;
  const part = orders ? 'contact' : 'consent';
  const payload: Record<string, unknown> = event.payload;
  const type = orders ? 'contact.updated' : 'consent.granted';
  const brings = { ...eventOf(type, user_id, { [part]: payload[part] }), event_id: `${user_id}:${part}` };
  const messages = [messageOf(without(event, part)), messageOf(brings)];
  return { ...person, messages: otherFirst ? messages.toReversed() : messages, apart: true };
}

/** A person who opts out of another topic than that of the email: the recipient workflow gets it, and the email is sent. */
function withOptOut(user_id: string): Person {
  const person = whole(user_id, false);
  return { ...person, messages: [...person.messages, messageOf(optOut(user_id, `${user_id}:opt-out`))] };
}

function optOut(user_id: string, event_id: string) {
  return { ...eventOf('consent.revoked', user_id, { consent: { topics: ['offers'] } }), event_id };
}

function hotUser(seed: number, orders: number): Person {
  const user_id = `hot_${seed}`;
  const { email } = addressOf(user_id);
  const others = (order: number) =>
    Array.from({ length: othersForEach }, (_, index) => {
      const event_id = `${user_id}:${order}:${index}`;
      if (index === 0) return optOut(user_id, event_id);
      if (index % 2 === 0) return { ...projectCreated({ user_id }), event_id };
      return {
        ...eventOf('contact.updated', user_id, { contact: { email, name: `Ada ${order} ${index}` } }),
        event_id,
      };
    });
  const ids = Array.from({ length: orders }, (_, index) => `${user_id}:order-${index}`);
  const events = ids.flatMap((event_id, index) => [
    { ...orderCompleted({ user_id, email }), event_id },
    ...others(index),
  ]);
  return { user_id, address: email, messages: events.map(messageOf), emails: ids.map(receipt) };
}

function without<Event extends { payload: Record<string, unknown> }>(event: Event, part: string): Event {
  const payload = { ...event.payload };
  delete payload[part];
  return { ...event, payload };
}
