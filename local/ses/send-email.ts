import { addressOf, splitAddressList } from './addresses.ts';
import { decodeHeaderText } from './encode-text.ts';
import { badRequest, notFound, SesError, tooManyRequests } from './errors.ts';
import type { FaultPlan } from './faults.ts';
import type { Mail, MailBody } from './mail.ts';
import type { Mailbox } from './mailbox.ts';
import { headerValue, readMime } from './read-mime.ts';
import type { SendEmailRequest, SimpleMessage } from './send-email-request.ts';
import { KEY_TAG } from './sending-record.ts';
import type { SendingRecord } from './sending-record.ts';
import { mintSesId } from './ses-id.ts';
import { decideFate } from './simulator.ts';
import type { SuppressionList } from './suppression-list.ts';
import { MAX_MESSAGE_BYTES, recipientsOf, validateRecipients, validateSendEmail } from './validate.ts';
import { assertConfigurationSetName, validateSender, validateTags } from './validate.ts';

/** The account that mails are sent from: what it may do, what it has done. */
export interface Account {
  mailbox: Mailbox;
  record: SendingRecord;
  faults: FaultPlan;
  suppressionList: SuppressionList;
  /** Mails per second. */
  maxSendRate: number;
  /** Recipients in any 24 hours; -1 is unlimited. */
  max24HourSend: number;
  /** Called once for every accepted mail, after it is in the mailbox. */
  onAccepted: (mail: Mail) => void;
}

/** Accepts one mail, or refuses it in the way of SES. @throws SesError */
export function sendEmail(account: Account, request: SendEmailRequest): { MessageId: string } {
  validateSendEmail(request);
  refuseWhenPaused(account.faults);
  const mail = request.Content?.Simple ? readSimple(request, request.Content.Simple) : readRaw(request);
  refuseTooLarge(mail);
  if (mail.configurationSet !== undefined && account.faults.missingConfigurationSets.has(mail.configurationSet)) {
    throw notFound(`Configuration set <${mail.configurationSet}> does not exist.`);
  }
  for (const recipient of [...mail.to, ...mail.cc, ...mail.bcc]) {
    mail.fates[addressOf(recipient)] = decideFate(recipient, account.suppressionList);
  }
  const recipients = Object.keys(mail.fates).length;
  if (account.faults.enforceRate) refuseOverRate(account, recipients);
  account.record.accept(mail.acceptedAt, mail.tags[KEY_TAG], recipients);
  account.mailbox.add(mail);
  account.onAccepted(mail);
  return { MessageId: mail.id };
}

function refuseWhenPaused({ sendingEnabled }: FaultPlan): void {
  if (!sendingEnabled) {
    throw new SesError('SendingPausedException', 400, 'Email sending is disabled for this account.');
  }
}

function refuseOverRate({ record, maxSendRate, max24HourSend }: Account, recipients: number): void {
  const now = Date.now();
  if (record.inLastSecond(now) >= maxSendRate) throw tooManyRequests('Maximum sending rate exceeded.');
  if (max24HourSend >= 0 && record.sentLast24Hours(now) + recipients > max24HourSend) {
    throw tooManyRequests('Daily message quota exceeded.');
  }
}

function refuseTooLarge(mail: Mail): void {
  const parts = [mail.html, mail.text, mail.raw, ...mail.attachments.map(({ content }) => content)];
  const bytes = parts.reduce((sum, part) => sum + Buffer.byteLength(part ?? ''), 0);
  if (bytes > MAX_MESSAGE_BYTES) throw badRequest(`Message length is more than ${MAX_MESSAGE_BYTES} bytes long.`);
}

function readSimple(request: SendEmailRequest, message: SimpleMessage): Mail {
  return newMail({
    from: request.FromEmailAddress ?? '',
    to: request.Destination?.ToAddresses ?? [],
    cc: request.Destination?.CcAddresses ?? [],
    bcc: request.Destination?.BccAddresses ?? [],
    subject: decodeHeaderText(message.Subject?.Data ?? ''),
    tags: tagsOf(request.EmailTags),
    configurationSet: request.ConfigurationSetName ?? undefined,
    body: {
      replyTo: request.ReplyToAddresses ?? [],
      headers: (message.Headers ?? []).map(({ Name, Value }) => ({ name: Name, value: Value })),
      ...(message.Body?.Html?.Data == null ? {} : { html: message.Body.Html.Data }),
      ...(message.Body?.Text?.Data == null ? {} : { text: message.Body.Text.Data }),
      attachments: (message.Attachments ?? []).map((attachment) => ({
        fileName: attachment.FileName,
        contentType: attachment.ContentType ?? 'application/octet-stream',
        inline: attachment.ContentDisposition === 'INLINE',
        ...(attachment.ContentId ? { contentId: attachment.ContentId } : {}),
        content: attachment.RawContent,
      })),
    },
  });
}

/** Raw content carries what the request leaves out: sender, recipients, tags and configuration set. */
function readRaw(request: SendEmailRequest): Mail {
  const raw = request.Content?.Raw?.Data ?? '';
  const mime = readMime(Buffer.from(raw, 'base64'));
  const header = (name: string) => headerValue(mime.headers, name);
  const from = request.FromEmailAddress ?? header('from');
  validateSender(from);
  const given = recipientsOf(request).length > 0;
  const listed = (name: string) => splitAddressList(header(name) ?? '');
  const to = given ? (request.Destination?.ToAddresses ?? []) : listed('to');
  const cc = given ? (request.Destination?.CcAddresses ?? []) : listed('cc');
  const bcc = given ? (request.Destination?.BccAddresses ?? []) : listed('bcc');
  validateRecipients([...to, ...cc, ...bcc]);
  // When both are given, only the tags of the API count.
  const tags = request.EmailTags?.length ? request.EmailTags : readTagHeader(header('x-ses-message-tags'));
  validateTags(tags);
  const configurationSet = request.ConfigurationSetName ?? header('x-ses-configuration-set');
  if (configurationSet !== undefined) assertConfigurationSetName(configurationSet);
  const subject = decodeHeaderText(header('subject') ?? '');
  const body = { replyTo: listed('reply-to'), ...mime, raw };
  return newMail({ from: from ?? '', to, cc, bcc, subject, tags: tagsOf(tags), configurationSet, body });
}

function readTagHeader(value: string | undefined): { Name: string; Value: string }[] {
  return (value ?? '')
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const [name = '', content = ''] = pair.split('=');
      return { Name: name.trim(), Value: content.trim() };
    });
}

const tagsOf = (tags: SendEmailRequest['EmailTags']) =>
  Object.fromEntries((tags ?? []).map(({ Name, Value }) => [Name, Value]));

function newMail({
  body,
  configurationSet,
  ...about
}: Pick<Mail, 'from' | 'to' | 'cc' | 'bcc' | 'subject' | 'tags'> & {
  body: MailBody;
  configurationSet: string | undefined;
}): Mail {
  const words =
    body.text ?? (body.html ?? '').slice(0, 20_000).replace(/<(style|script|head)\b.*?<\/\1>|<[^>]*>/gis, ' ');
  return {
    id: mintSesId(),
    acceptedAt: Date.now(),
    ...about,
    ...body,
    ...(configurationSet === undefined ? {} : { configurationSet }),
    preview: words.slice(0, 2000).replace(/\s+/g, ' ').trim().slice(0, 140),
    fates: {},
    bodyDropped: false,
  };
}
