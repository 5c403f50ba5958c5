import { addressOf, domainOf } from './addresses.ts';
import { outgoingHeaders } from './compose-mime.ts';
import { decodeHeaderText } from './encode-text.ts';
import type { Mail } from './mail.ts';
import { mintSesId } from './ses-id.ts';
import type { Fate } from './simulator.ts';

export const ACCOUNT_ID = '123456789012';
export const REGION = 'eu-central-1';
const MAX_HEADER_BYTES = 10 * 1024;

/** An event as a configuration set's event destination publishes it. The block beside `mail` depends on the type. */
export interface SesEvent {
  eventType: 'Send' | 'Delivery' | 'Bounce' | 'Complaint';
  mail: SesEventMail;
  [block: string]: unknown;
}

export interface SesEventMail {
  timestamp: string;
  messageId: string;
  source: string;
  sourceArn: string;
  sendingAccountId: string;
  destination: string[];
  headersTruncated: boolean;
  headers: { name: string; value: string }[];
  commonHeaders: Record<string, unknown>;
  tags: Record<string, string[]>;
}

interface Bounce {
  bounceType: 'Permanent';
  bounceSubType: string;
  status: string;
  diagnosticCode: string;
  reportingMTA: string;
}

const BOUNCES: Partial<Record<Fate, Bounce>> = {
  bounced: {
    bounceType: 'Permanent',
    bounceSubType: 'General',
    status: '5.1.1',
    diagnosticCode: 'smtp; 550 5.1.1 user unknown',
    reportingMTA: 'dns; simulator.amazonses.com',
  },
  suppressed: {
    bounceType: 'Permanent',
    bounceSubType: 'Suppressed',
    status: '5.1.1',
    diagnosticCode: 'Amazon SES has suppressed sending to this address because it has a recent history of bouncing.',
    reportingMTA: 'dns; amazonses.com',
  },
  'on-account-suppression-list': {
    bounceType: 'Permanent',
    bounceSubType: 'OnAccountSuppressionList',
    status: '5.1.1',
    diagnosticCode: 'Amazon SES did not send the message to this address because it is on your suppression list.',
    reportingMTA: 'dns; amazonses.com',
  },
};

/** Every event that SES would publish for an accepted mail, in the order in which they happen. */
export function feedbackFor(mail: Mail): SesEvent[] {
  const block = describeMail(mail);
  const byFate = groupByFate(mail);
  const events: SesEvent[] = [{ eventType: 'Send', mail: block, send: {} }];
  const reached = [...(byFate.get('delivered') ?? []), ...(byFate.get('complained') ?? [])];
  if (reached.length > 0) events.push(delivery(block, mail, reached));
  for (const [fate, recipients] of byFate) {
    const bounce = BOUNCES[fate];
    if (bounce) events.push(bounceEvent(block, bounce, recipients));
  }
  const complained = byFate.get('complained');
  if (complained) events.push(complaint(block, complained));
  return events;
}

function groupByFate(mail: Mail): Map<Fate, string[]> {
  const groups = new Map<Fate, string[]>();
  for (const [address, fate] of Object.entries(mail.fates)) groups.set(fate, [...(groups.get(fate) ?? []), address]);
  return groups;
}

function delivery(mail: SesEventMail, { acceptedAt }: Mail, recipients: string[]): SesEvent {
  return {
    eventType: 'Delivery',
    // The outgoing IP is known only once the mail has left.
    mail: { ...mail, tags: { ...mail.tags, 'ses:outgoing-ip': ['127.0.0.1'] } },
    delivery: {
      timestamp: new Date().toISOString(),
      processingTimeMillis: Math.max(1, Date.now() - acceptedAt),
      recipients,
      smtpResponse: '250 2.0.0 OK (local stand-in)',
      reportingMTA: 'a7-12.smtp-out.eu-central-1.amazonses.com',
    },
  };
}

function bounceEvent(mail: SesEventMail, bounce: Bounce, recipients: string[]): SesEvent {
  const { bounceType, bounceSubType, status, diagnosticCode, reportingMTA } = bounce;
  return {
    eventType: 'Bounce',
    mail,
    bounce: {
      feedbackId: mintSesId(),
      bounceType,
      bounceSubType,
      bouncedRecipients: recipients.map((emailAddress) => ({ emailAddress, action: 'failed', status, diagnosticCode })),
      timestamp: new Date().toISOString(),
      reportingMTA,
    },
  };
}

function complaint(mail: SesEventMail, recipients: string[]): SesEvent {
  const now = new Date().toISOString();
  return {
    eventType: 'Complaint',
    mail,
    complaint: {
      feedbackId: mintSesId(),
      complaintSubType: null,
      complainedRecipients: recipients.map((emailAddress) => ({ emailAddress })),
      timestamp: now,
      userAgent: 'Amazon SES Mailbox Simulator (local stand-in)',
      complaintFeedbackType: 'abuse',
      arrivalDate: now,
    },
  };
}

function describeMail(mail: Mail): SesEventMail {
  // The Message-ID and Date that SES stamps are not among the sender's headers.
  const all = outgoingHeaders(mail).slice(2);
  let room = MAX_HEADER_BYTES;
  const headers = all.filter(({ name, value }) => (room -= name.length + value.length) >= 0);
  const addresses = (list: string[]) => (list.length === 0 ? undefined : list.map(decodeHeaderText));
  return {
    timestamp: new Date(mail.acceptedAt).toISOString(),
    messageId: mail.id,
    source: mail.from,
    sourceArn: `arn:aws:ses:${REGION}:${ACCOUNT_ID}:identity/${domainOf(mail.from)}`,
    sendingAccountId: ACCOUNT_ID,
    destination: [...mail.to, ...mail.cc, ...mail.bcc].map(addressOf),
    headersTruncated: headers.length < all.length,
    headers,
    commonHeaders: {
      from: [decodeHeaderText(mail.from)],
      replyTo: addresses(mail.replyTo),
      to: addresses(mail.to),
      cc: addresses(mail.cc),
      messageId: mail.id,
      subject: mail.subject,
    },
    tags: {
      'ses:operation': ['SendEmail'],
      'ses:configuration-set': [mail.configurationSet ?? ''],
      'ses:source-ip': ['127.0.0.1'],
      'ses:from-domain': [domainOf(mail.from)],
      'ses:caller-identity': ['local-stand-in'],
      ...Object.fromEntries(Object.entries(mail.tags).map(([name, value]) => [name, [value]])),
    },
  };
}
