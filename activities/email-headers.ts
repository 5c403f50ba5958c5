import type { Event } from '../events/index.ts';
import { unsubscribeByMail } from '../runtime/links.ts';
import { addressOf, domainOf } from '../store/stops.ts';
import type { Template } from '../templates/catalogue.ts';
import type { TemplateData } from '../templates/words.ts';
import type { Mail } from './mailers/mailer.ts';

/** Creates the signed links in emails. */
export interface MailLinks {
  unsubscribe(user: string, topic: string, mail: string, address?: string): string;
  preferences(user: string, mail?: string, address?: string): string;
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
        unsubscribe: links.unsubscribe(user_id, template.topic, tag, address()),
        preferences: links.preferences(user_id, tag, address()),
      }),
    ...(event_type === 'consent.requested' && { confirm: links.confirm(user_id, event_id, address()) }),
  };
}

/** What the headers of one email are made of, beside its template. */
export interface HeaderParts {
  from: string;
  /** The link that leaves. */
  unsubscribe: string | undefined;
  /** An address beside the link. */
  unsubscribeMailto?: string | undefined;
  tag: string;
  /** What people call the topics. */
  topicTitles: Readonly<Record<string, string>>;
}

/**
 * A marketing email shows a mail program's own button for leaving, and the name of what is left (RFC 8058, RFC 2919). A receipt is no list;
 * it says that no person wrote it (RFC 3834), so that no absence note answers it. Absence notes answer no list either.
 */
export function emailHeaders(template: Pick<Template, 'class' | 'topic'>, parts: HeaderParts): Mail['headers'] {
  const { class: kind, topic } = template;
  if (kind === 'transactional') return [{ name: 'Auto-Submitted', value: 'auto-generated' }];
  const { from, unsubscribe, unsubscribeMailto, tag, topicTitles } = parts;
  if (topic === undefined || unsubscribe === undefined) return [];
  const ways = [unsubscribe, ...(unsubscribeMailto === undefined ? [] : [unsubscribeByMail(unsubscribeMailto, tag)])];
  return [
    { name: 'List-Unsubscribe', value: ways.map((way) => `<${way}>`).join(', ') },
    { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' },
    { name: 'List-Id', value: `${phrase(topicTitles[topic] ?? '')}<${topic}.${domainOf(addressOf(from))}>` },
  ];
}

/** What statistics are grouped by. SES makes a Feedback-ID header of its own two, by which Gmail tells of complaints. */
export function groupsOf({ name, topic }: Pick<Template, 'name' | 'topic'>, journey: string | undefined) {
  const usable = (value: string) => value.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 256);
  const about = usable(topic ?? 'transactional');
  return {
    ...(journey !== undefined && { journey: usable(journey), 'ses:feedback-id-a': usable(journey) }),
    template: usable(name),
    ...(topic !== undefined && { topic: about }),
    'ses:feedback-id-b': about,
  };
}

/** Words of plain letters stand as they are, others in quotes; a title beyond ASCII is left out, since it may be absent. */
function phrase(title: string): string {
  const text = title.trim();
  if (text === '' || text.length > 200 || !/^[\x20-\x7e]*$/.test(text)) return '';
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$/.test(text) ? `${text} ` : `"${text.replaceAll(/["\\]/g, '\\$&')}" `;
}
