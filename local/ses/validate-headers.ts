import { badRequest } from './errors.ts';
import type { Header } from './mail.ts';

/** Headers that SES writes itself; the v2 API refuses them beside Simple content. */
const SET_BY_SES = new Set(
  ['Bcc', 'Cc', 'Content-Disposition', 'Content-Transfer-Encoding', 'Content-Type', 'Date', 'From', 'Message-ID']
    .concat(['MIME-Version', 'Reply-To', 'Return-Path', 'Subject', 'To', 'DKIM-Signature', 'Sender'])
    .map((name) => name.toLowerCase()),
);

/** Headers that may stand once (docs.aws.amazon.com/ses/latest/dg/header-fields.html), without those above. */
const ONLY_ONCE = new Set(
  (
    'accept-language acceptlanguage archived-at auto-submitted bounces-to comments content-alternative content-base ' +
    'content-class content-description content-duration content-id content-language content-length content-location ' +
    'content-md5 delivered-to disposition-notification-options disposition-notification-to domainkey-signature ' +
    'errors-to importance in-reply-to keywords list-archive list-help list-id list-owner list-post list-subscribe ' +
    'list-unsubscribe list-unsubscribe-post message-context organization original-from original-message-id ' +
    'original-recipient original-subject precedence priority references return-receipt-to solicitation sensitivity ' +
    'thread-index thread-topic user-agent vbr-info'
  ).split(' '),
);

const NAME = /^[!-9;-~]{1,126}$/;
const VALUE = /^[ -~]{0,995}$/;

/** Headers sent with Simple content. @throws SesError BadRequestException */
export function validateHeaders(headers: readonly Header[]): void {
  const seen = new Set<string>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    if (!NAME.test(name)) {
      throw badRequest('Header names are 1 to 126 printable ASCII characters (33-126) without colon.');
    }
    if (!VALUE.test(value)) {
      throw badRequest(`The value of header ${name} is not at most 995 printable ASCII characters.`);
    }
    if (name.length + value.length > 996) {
      throw badRequest(`Header ${name}: name and value together are longer than 996 characters.`);
    }
    if (SET_BY_SES.has(key)) throw badRequest(`Header ${name} is set by Amazon SES and cannot be a custom header.`);
    if (ONLY_ONCE.has(key) && seen.has(key)) throw badRequest(`Duplicate header '${name}'.`);
    seen.add(key);
  }
}
