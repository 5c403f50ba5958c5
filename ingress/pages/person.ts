import { consentModel } from '../../config/consent-model.ts';
import type { Contact } from '../../events/person.ts';
import { type ConsentRecord, type ConsentState, everyTopic, inForce } from '../../store/consents.ts';
import type { PageDependencies } from './dependencies.ts';

/** Whoever a link belongs to, as they are known now. */
export interface Person {
  /** False for somebody who was erased, or never there: nothing may be recorded about them. */
  known: boolean;
  contact: Contact;
  /** The newest record of each topic. */
  records: Readonly<Record<string, ConsentRecord>>;
  /** Since when their address is unsubscribed by an import, Unix ms. */
  unsubscribedAt?: number | undefined;
}

/** Undefined when Redis is away. */
export async function lookUp(
  { store, log }: Pick<PageDependencies, 'store' | 'log'>,
  user: string,
): Promise<Person | undefined> {
  try {
    const [contact, records] = await Promise.all([store.contacts.find(user), store.consents.now(user)]);
    const known = Object.keys(contact).length + Object.keys(records).length > 0;
    return { known, contact, records, unsubscribedAt: await unsubscribedAt(store, contact) };
  } catch (error) {
    log.warn({ user_id: user, err: error }, 'a page could not look a person up');
    return undefined;
  }
}

async function unsubscribedAt(store: PageDependencies['store'], { email }: Contact): Promise<number | undefined> {
  if (email === undefined) return undefined;
  const suppressions = await store.suppressions.of(store.addressHash(email));
  return suppressions.find(({ reason }) => reason === 'unsubscribed')?.since;
}

/** An address that is unsubscribed counts as an opt-out of every topic, as in every send. */
export function stateOf({ records, unsubscribedAt }: Person, topic: string): ConsentState | 'none' {
  const state = inForce(records[topic], records[everyTopic]);
  if (unsubscribedAt === undefined) return state;
  return inForce(records[topic], { state: 'revoked', captured_at: unsubscribedAt }) === 'revoked' ? 'revoked' : state;
}

/** Whether mails about this topic go to them now. */
export function gets({ compliance }: Pick<PageDependencies, 'compliance'>, person: Person, topic: string): boolean {
  const state = stateOf(person, topic);
  return state === 'granted' || (state === 'none' && consentModel(compliance, person.contact.country) === 'opt_out');
}

/**
 * When a word counts as said: now, and in any case after all that was said before. The clock that stamped the last word
 * may have been ahead of ours, and an opt-out must not lose against it.
 */
export function momentAfter(now: number, person: Person | undefined, topics: readonly string[]): number {
  const before = [...topics, everyTopic].map((topic) => person?.records[topic]?.captured_at ?? 0);
  return Math.max(now, ...[...before, person?.unsubscribedAt ?? 0].map((at) => at + 1));
}
