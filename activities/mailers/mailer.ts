import type { Gate } from '../../state/stops.ts';

/** One mail to one person, ready to go. */
export interface Mail {
  from: string;
  to: string;
  subject: string;
  html: string;
  text: string;
  headers: readonly { name: string; value: string }[];
  /** The message tag: comes back in every event about this mail. */
  tag: string;
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

/** One way to hand a mail to a provider. One adapter a file; all pass the same contract suite. */
export interface Mailer {
  /**
   * Hands the mail over and gives the provider's id for it. Tries once. `lastCheck` is called right before the first byte
   * goes out, when nothing is left to wait for but the provider.
   * Throws a MailerError, or whatever `lastCheck` threw, and nothing else.
   */
  send(mail: Mail, lastCheck: () => Promise<void>): Promise<string>;
  /**
   * Reads what the provider allows; undefined when this one has nothing to say.
   * Throws an Error whose message, without addresses, says why it could not be read.
   */
  readAccount(): Promise<AccountLimits | undefined>;
  /**
   * Looks whether the trouble that closed a gate is over, with reading calls only, never with a mail.
   * Throws an Error whose message, without addresses, says why that cannot be told.
   */
  isOver(gate: Gate): Promise<boolean>;
  close(): void;
}
