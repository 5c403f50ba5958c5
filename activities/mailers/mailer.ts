import type { Gate } from '../../store/stops.ts';

/** One mail to one person, ready to go. */
export interface Mail {
  from: string;
  replyTo?: string | undefined;
  to: string;
  subject: string;
  html: string;
  text: string;
  headers: readonly { name: string; value: string }[];
  /** The message tag: comes back in every event about this mail. */
  tag: string;
  /** What statistics of the provider are grouped by: names and values of the characters `A-Za-z0-9_-`. */
  groups?: Readonly<Record<string, string>>;
  /** What says who it is for beside the address, such as a name. It is not sent: it is masked in what the provider says. */
  personal?: readonly string[];
}

/** What the provider allows now. */
export interface AccountLimits {
  /** Mails per second. */
  maxPerSecond: number;
  /** Mails within any 24 hours; -1 when there is no limit. */
  max24Hours: number;
  /** How many of them are used. */
  sent24Hours: number;
}

/** An address that the provider does not mail, whoever asks. */
export interface ListedAddress {
  address: string;
  reason: 'BOUNCE' | 'COMPLAINT';
  /** Unix ms. */
  since: number;
}

export interface ListedPage {
  entries: ListedAddress[];
  /** Where the next page begins; absent on the last. */
  next?: string;
}

/** The provider's own list of addresses that it does not mail. Each method throws as `readAccount` does. */
export interface SuppressionList {
  /** Page by page, those that were listed since then, beginning at the page that `from` names. */
  list(since?: Date, from?: string): AsyncIterable<ListedPage>;
  /** Whether this account may add to it. */
  mayPut(): Promise<boolean>;
  /** False when the provider will never take this address. */
  put(address: string, reason: ListedAddress['reason']): Promise<boolean>;
  /** No failure when it is not there. */
  delete(address: string): Promise<void>;
}

/** One way to hand a mail to a provider. One adapter a file; all pass the same contract suite. */
export interface Mailer {
  /**
   * Hands the mail over and gives the provider's id for it. Tries once. `lastCheck` is called right before the first byte
   * goes out, when nothing is left to wait for but the provider.
   * Throws a MailerError, a ProviderError if the provider said something, or whatever `lastCheck` threw, and nothing else.
   */
  send(mail: Mail, lastCheck: () => Promise<void>): Promise<string>;
  /**
   * Reads what the provider allows; undefined when this one has nothing to say.
   * Throws a ReadingError that says in our words why it could not be read.
   */
  readAccount(): Promise<AccountLimits | undefined>;
  /**
   * Looks whether the trouble that closed a gate is over, with reading calls only, never with a mail.
   * Throws an Error that says in our words why that cannot be known.
   */
  isOver(gate: Gate): Promise<boolean>;
  /** Where the provider has one. */
  suppressionList?: SuppressionList;
  close(): void;
}
