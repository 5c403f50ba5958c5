import { createHash } from 'node:crypto';

import type { Fact } from './facts.ts';

/** Who opened or clicked, as the provider judges: scanners and prefetching clients are machines. */
export type Reader = 'human' | 'machine' | 'unknown';

export interface Engaged {
  /** The id of the provider's event: the same event twice counts once. */
  id: string;
  type: 'open' | 'click';
  by: Reader;
  /** Unix ms. */
  at: number;
}

/** Opens and clicks of each email, by message tag. */
export interface Engagement {
  /**
   * False when it was known already, or when so much is known of this email that one more says nothing. `facts` are recorded with
   * it, if it was not known.
   */
  record(tag: string, engaged: Engaged, facts?: readonly Fact[]): Promise<boolean>;
  /** Counts such as `click:human`, and the time of the first of each as `click:human:first`, Unix ms. */
  of(tag: string): Promise<Record<string, number>>;
  /** Whether a person, not a machine, has clicked a link of this email. */
  clicked(tag: string): Promise<boolean>;
}

/** Of one email, but for the first of each kind: a link checker in a loop must not fill the record. */
export const mostOfOneEmail = 500;

/** Long enough for the events of one email. */
export function shortId(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 12);
}
