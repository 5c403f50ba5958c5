import type { sendersOf } from '../config/senders.ts';
import type { Template } from '../templates/catalogue.ts';
import { sampleLinks } from '../templates/sample-links.ts';
import type { RenderedEmail } from '../templates/render.ts';
import { emailHeaders } from './product.ts';

/** As long as a real one. */
const sampleTag = 'sample'.padEnd(43, '-');

/** What the configuration says about headers. */
export interface HeaderSettings {
  /** Whose an email of this template is. */
  sender: ReturnType<typeof sendersOf>;
  /** An address beside the link in List-Unsubscribe. */
  unsubscribeMailto?: string | undefined;
  /** What people call the topics. */
  topicTitles: Readonly<Record<string, string>>;
}

/** The headers that the mail would leave with. The links in them lead nowhere: they are made for each mail anew. */
export function headersOf(
  template: Template,
  mail: RenderedEmail,
  settings: HeaderSettings,
): { name: string; value: string }[] {
  const { from, replyTo } = settings.sender(template);
  return [
    { name: 'From', value: from },
    ...(replyTo === undefined ? [] : [{ name: 'Reply-To', value: replyTo }]),
    { name: 'Subject', value: mail.subject },
    ...listHeaders(template, settings),
  ];
}

/** What a mail program needs for its own button for leaving, or knows an automatic mail by. */
export function listHeaders(template: Template, settings: HeaderSettings): readonly { name: string; value: string }[] {
  const { unsubscribe } = sampleLinks(template);
  return emailHeaders(template, { unsubscribe, tag: sampleTag, ...settings.sender(template), ...settings });
}
