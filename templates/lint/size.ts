import type { MailRule } from './rule.ts';

const kilobyte = 1024;
/** Beyond it, Gmail shows a link to the rest. */
const gmailLimit = 102 * kilobyte;
/** Real data is longer than a sample, and click tracking makes links longer. */
const close = 80 * kilobyte;

export const gmailClip: MailRule = {
  name: 'gmail-clip',
  level: 'error',
  milder: `transactional mail, and from ${close / kilobyte} KB on`,
  what: `The HTML, with the sample, has at most ${gmailLimit / kilobyte} KB.`,
  why: 'Gmail cuts longer mail off, and with it the way out at its end.',
  source:
    '[Moosend, Email clipping](https://docs.moosend.com/users/moosend/en/email-clipping.html); Google has no page about it',
  check({ rendered, template }) {
    const size = Buffer.byteLength(rendered.html);
    if (size < close) return [];
    const limit = `Gmail cuts mail off at ${gmailLimit / kilobyte} KB`;
    const has = `the HTML has ${Math.ceil(size / kilobyte)} KB`;
    if (size <= gmailLimit) return [{ level: 'warning', message: `${has}; ${limit}, and real data may be longer` }];
    const level = template.class === 'marketing' ? 'error' : 'warning';
    return [{ level, message: `${has}; ${limit}: make it shorter, or show fewer items` }];
  },
};
