import type { z } from 'zod';

import type { EventType, eventTypes } from '../events/index.ts';
import type { consent, contact } from '../events/person.ts';

/** An event of one type as its producer writes it, but for the type: `publish` has that. The names are those of the contract. */
export interface EventToPublish<T extends EventType = EventType> {
  /**
   * The idempotency key: 1 to 128 of `A-Z a-z 0-9 _ . : -`. The same id twice is one event. Derive it from your own record and put the
   * name of your system before it (`shop-order-17`), so that a retry has the same id and no other system uses it.
   */
  event_id: string;
  /** Your own id of the person; never an address. */
  user_id: string;
  /** When it happened, Unix milliseconds. Default: now. */
  timestamp?: number;
  payload: PayloadToPublish<T>;
  /** Facts beside the event. */
  metadata?: Record<string, string>;
}

/** A payload with the blocks about the person. */
export type PayloadToPublish<T extends EventType> = T extends EventType ? Fields<T> & Blocks<T> : never;

/** zod gives an object without fields an index signature, which would forbid the blocks. */
type Fields<T extends EventType> =
  z.input<(typeof eventTypes)[T]> extends infer Input ? (string extends keyof Input ? unknown : Input) : never;

/** The same as `neededBlock` in events/needed-blocks.ts: events that are about a block alone say nothing without it. */
type Blocks<T extends EventType> = T extends `consent.${string}`
  ? { contact?: Contact; consent: Consent & { topics: [string, ...string[]] } }
  : T extends 'contact.updated'
    ? { contact: Contact; consent?: Consent }
    : { contact?: Contact; consent?: Consent };

type Contact = z.input<typeof contact>;
type Consent = Omit<z.input<typeof consent>, 'topics'> & { topics?: string[] };
