import { hasControl, isAscii, parseMailbox } from './addresses.ts';
import { badRequest, notFound, SesError } from './errors.ts';
import type { Content, SendEmailRequest, SimpleMessage } from './send-email-request.ts';
import { validateHeaders } from './validate-headers.ts';

const MAX_RECIPIENTS = 50;
export const MAX_MESSAGE_BYTES = 40 * 1024 * 1024;
const TAG = /^[A-Za-z0-9_-]{1,256}$/;
const CONFIGURATION_SET = /^[A-Za-z0-9_-]{1,64}$/;

/** What SES refuses before it accepts a mail. @throws SesError */
export function validateSendEmail(request: SendEmailRequest): void {
  const content = request.Content ?? {};
  const kinds = [content.Simple, content.Raw, content.Template].filter((kind) => kind != null);
  if (kinds.length !== 1) throw badRequest('Content must be exactly one of Simple, Raw and Template.');
  if (content.Template) refuseTemplate(content.Template.TemplateName);
  if (request.ListManagementOptions) {
    throw notFound(`List with name: ${request.ListManagementOptions.ContactListName} doesn't exist.`);
  }
  if (request.ConfigurationSetName != null) assertConfigurationSetName(request.ConfigurationSetName);
  validateTags(request.EmailTags ?? []);
  for (const address of request.ReplyToAddresses ?? []) parseMailbox(address);
  if (content.Simple) {
    validateSender(request.FromEmailAddress);
    validateRecipients(recipientsOf(request));
    validateSimple(content.Simple);
  }
}

function refuseTemplate(name: string | null | undefined): never {
  if (name) throw notFound(`Template ${name} does not exist.`);
  throw new SesError('BadRequestException', 400, 'The SES stand-in does not render SES templates.');
}

export function assertConfigurationSetName(name: string): void {
  if (!CONFIGURATION_SET.test(name)) {
    throw badRequest(`Invalid configuration set name <${name}>: only 1 to 64 of A-Z, a-z, 0-9, _ and - are allowed.`);
  }
}

/** SES takes these two names alone with a colon: it makes the header Feedback-ID of them. */
const FEEDBACK_ID_TAGS = new Set(['ses:feedback-id-a', 'ses:feedback-id-b']);

export function validateTags(tags: readonly { Name: string; Value: string }[]): void {
  const names = new Set<string>();
  for (const { Name, Value } of tags) {
    if (!TAG.test(Name) && !FEEDBACK_ID_TAGS.has(Name))
      throw badRequest(`Invalid tag name <${Name}>: only 1 to 256 of A-Z, a-z, 0-9, _ and -.`);
    if (!TAG.test(Value)) throw badRequest(`Invalid tag value <${Value}>: only 1 to 256 of A-Z, a-z, 0-9, _ and -.`);
    if (names.has(Name)) throw badRequest(`Duplicate tag name <${Name}>.`);
    names.add(Name);
  }
}

export function validateSender(from: string | null | undefined): void {
  if (!from) throw badRequest('From address is missing.');
  parseMailbox(from);
}

export function recipientsOf({ Destination: to }: SendEmailRequest): string[] {
  return [...(to?.ToAddresses ?? []), ...(to?.CcAddresses ?? []), ...(to?.BccAddresses ?? [])];
}

export function validateRecipients(recipients: readonly string[]): void {
  if (recipients.length === 0) throw badRequest('Destination must contain at least one recipient.');
  if (recipients.length > MAX_RECIPIENTS) throw badRequest(`Recipient count exceeds ${MAX_RECIPIENTS}.`);
  for (const recipient of recipients) parseMailbox(recipient);
}

function validateSimple(message: SimpleMessage): void {
  const subject = message.Subject?.Data;
  if (subject == null) throw badRequest('Subject is missing.');
  if (hasControl(subject)) throw badRequest('Subject contains control characters.');
  validateCharset('Subject', message.Subject);
  const { Html, Text } = message.Body ?? {};
  if (Html?.Data == null && Text?.Data == null) throw badRequest('Body must have Text, Html or both.');
  validateCharset('Html body', Html);
  validateCharset('Text body', Text);
  validateHeaders((message.Headers ?? []).map(({ Name, Value }) => ({ name: Name, value: Value })));
  for (const { FileName } of message.Attachments ?? []) {
    if (FileName === '' || hasControl(FileName)) throw badRequest('Attachment file names must be printable.');
  }
}

/** Real SES would send such text as 7-bit and garble it. The stand-in refuses, so that the mistake is seen. */
function validateCharset(where: string, content: Content | null | undefined): void {
  if (content?.Data == null) return;
  const charset = content.Charset?.toLowerCase();
  if (charset == null || charset === 'us-ascii') {
    if (!isAscii(content.Data)) throw badRequest(`${where} is not ASCII: pass Charset 'UTF-8'.`);
  } else if (!/^(utf-8|utf8|iso-8859-\d{1,2}|windows-125\d|shift_jis|iso-2022-jp|euc-kr|gb2312|big5)$/.test(charset)) {
    throw badRequest(`${where}: unsupported charset ${content.Charset}.`);
  }
}
