import type { Event } from '../events/index.ts';
import { addressOf, domainOf } from '../store/stops.ts';
import type { Template } from '../templates/catalogue.ts';
import type { TemplateData } from '../templates/words.ts';
import type { Mail } from './mailers/mailer.ts';

/** Makes the signed links of mails. */
export interface MailLinks {
  unsubscribe(user: string, topic: string, mail: string): string;
  preferences(user: string, mail?: string): string;
  confirm(user: string, event: string, address: string): string;
}

type LinksOfMail = NonNullable<TemplateData['links']>;

/**
 * The links that a mail may show: the way out for marketing, the confirmation where the event asks for one. `address`: the keyed hash
 * of whom it goes to.
 */
export function linksFor(
  links: MailLinks,
  template: Template,
  event: Event,
  { tag, address }: { tag: string; address: () => string },
): LinksOfMail {
  const { event_id, event_type, user_id } = event;
  return {
    ...(template.class === 'marketing' &&
      template.topic !== undefined && {
        unsubscribe: links.unsubscribe(user_id, template.topic, tag),
        preferences: links.preferences(user_id, tag),
      }),
    ...(event_type === 'consent.requested' && { confirm: links.confirm(user_id, event_id, address()) }),
  };
}

/**
 * RFC 8058 and RFC 2919: a mail program's own button for leaving, and the name of what is left. For marketing only; a
 * receipt is no list. `unsubscribe` is the link, `topicTitles` what people call the topics.
 */
export function unsubscribeHeaders(
  template: Pick<Template, 'class' | 'topic'>,
  unsubscribe: string | undefined,
  { from, topicTitles }: { from: string; topicTitles: Readonly<Record<string, string>> },
): Mail['headers'] {
  const { class: kind, topic } = template;
  if (kind !== 'marketing' || topic === undefined || unsubscribe === undefined) return [];
  return [
    { name: 'List-Unsubscribe', value: `<${unsubscribe}>` },
    { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' },
    { name: 'List-Id', value: `${phrase(topicTitles[topic] ?? '')}<${topic}.${domainOf(addressOf(from))}>` },
  ];
}

/** Words of plain letters stand as they are, others in quotes; a title beyond ASCII is left out, since it may be absent. */
function phrase(title: string): string {
  const text = title.trim();
  if (text === '' || text.length > 200 || !/^[\x20-\x7e]*$/.test(text)) return '';
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$/.test(text) ? `${text} ` : `"${text.replaceAll(/["\\]/g, '\\$&')}" `;
}
