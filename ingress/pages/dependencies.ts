import type { Config } from '../../config/schema.ts';
import type { ConsentBlock } from '../../events/person.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Tokens } from '../../runtime/tokens.ts';
import type { Store } from '../../store/store.ts';

/** What a page says to the rest of the house: the same event that anybody else may publish. */
export interface ConsentEvent {
  event_id: string;
  event_type: 'consent.granted' | 'consent.revoked';
  user_id: string;
  /** Unix ms. */
  timestamp: number;
  /** `request`: the `consent.requested` event that this confirms. */
  payload: { consent: ConsentBlock; request?: string };
  metadata?: Record<string, string>;
}

export interface PageDependencies {
  store: Pick<Store, 'contacts' | 'consents' | 'suppressions' | 'addressHash' | 'addressHashes'>;
  tokens: Tokens;
  topics: Config['topics'];
  compliance: Config['compliance'];
  /** Whose mails these are: a name, or a From header with one. */
  sender: string;
  /** Where people reach these pages. A form that says it comes from there is one of ours. */
  publicUrl: string;
  /** Resolves when JetStream has it. */
  publish(event: ConsentEvent): Promise<void>;
  count(page: PageName, result: PageResult): void;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Unix ms. */
  now?: () => number;
}

export type PageName = 'unsubscribe' | 'preferences' | 'confirm' | 'undo';

/** `away`: what the page needs is away. `nobody`: nothing is known about the person, so nothing was recorded. */
export type PageResult =
  | 'shown'
  | 'done'
  | 'nothing_new'
  | 'nobody'
  | 'expired'
  | 'away'
  | 'not_found'
  | 'limited'
  | 'cross_site'
  | 'too_large';
