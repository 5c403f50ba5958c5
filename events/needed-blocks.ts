import type { EventType } from './index.ts';

/** The block without which an event of this type says nothing. */
export function neededBlock(type: EventType): 'contact' | 'consent' | undefined {
  if (type === 'contact.updated') return 'contact';
  return type.startsWith('consent.') ? 'consent' : undefined;
}

/** Whether `*`, which is every topic and those of the future too, may be among the topics of an event about consent. */
export function mayNameAllTopics(type: EventType): boolean {
  return type === 'consent.revoked';
}
