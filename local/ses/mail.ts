import type { Fate } from './simulator.ts';

export interface Header {
  name: string;
  value: string;
}

export interface Attachment {
  fileName: string;
  contentType: string;
  inline: boolean;
  contentId?: string;
  /** The content, base64. */
  content: string;
}

/** What is known about an accepted mail for as long as it is listed at all. */
export interface MailSummary {
  /** The MessageId that SendEmail answered. */
  id: string;
  /** Unix ms. */
  acceptedAt: number;
  /** As the sender wrote it: a display name may be an RFC 2047 encoded word. */
  from: string;
  to: string[];
  cc: string[];
  bcc: string[];
  /** Decoded. */
  subject: string;
  /** The first words of the text. */
  preview: string;
  tags: Record<string, string>;
  configurationSet?: string;
  /** What became of each recipient, by address. */
  fates: Record<string, Fate>;
  /** True once the body was thrown away to stay within the mailbox's bounds. */
  bodyDropped: boolean;
}

export interface MailBody {
  replyTo: string[];
  /** Simple: the custom headers. Raw: every header, unfolded. */
  headers: Header[];
  html?: string;
  text?: string;
  attachments: Attachment[];
  /** Raw content only: the MIME message as it was sent, base64. */
  raw?: string;
}

export interface Mail extends MailSummary, MailBody {}

/** Listing must not carry bodies: a page of 100 mails would be megabytes. */
export function summarize(mail: Mail): MailSummary {
  const { replyTo: _r, headers: _h, html: _html, text: _t, attachments: _a, raw: _raw, ...summary } = mail;
  return summary;
}
