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

/** One way to hand a mail to a provider. One adapter a file; all pass the same contract suite. */
export interface Mailer {
  /** Hands the mail over and gives the provider's id for it. Throws a MailerError, and nothing else. Tries once. */
  send(mail: Mail): Promise<string>;
  close(): void;
}
