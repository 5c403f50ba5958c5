import type { Template } from '../templates/catalogue.ts';
import { sampleLinks } from '../templates/sample-links.ts';
import type { RenderedEmail } from '../templates/render.ts';
import { unsubscribeHeaders } from './product.ts';

/** What the configuration says about headers. */
export interface HeaderSettings {
  from: string;
  /** What people call the topics. */
  topicTitles: Readonly<Record<string, string>>;
}

/** The headers that the mail would leave with. The links in them lead nowhere: they are made for each mail anew. */
export function headersOf(
  template: Template,
  mail: RenderedEmail,
  settings: HeaderSettings,
): { name: string; value: string }[] {
  return [
    { name: 'From', value: settings.from },
    { name: 'Subject', value: mail.subject },
    ...listHeaders(template, settings),
  ];
}

/** What a mail program needs for its own button for leaving. */
export function listHeaders(template: Template, settings: HeaderSettings): readonly { name: string; value: string }[] {
  return unsubscribeHeaders(template, sampleLinks(template).unsubscribe, settings);
}
