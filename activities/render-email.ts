import { createHash } from 'node:crypto';

import type { Contact } from '../events/person.ts';
import type { Template } from '../templates/catalogue.ts';
import type { PersonOfMail } from '../templates/compiled.ts';
import { MissingData, namelessSubject, render, type RenderedEmail, UnsafeMail } from '../templates/render.ts';
import type { TemplateData } from '../templates/words.ts';
import { neverAgain } from './failures.ts';
import { placeholderLinks } from './unsubscribe-headers.ts';

/** What the history keeps of a rendered mail: enough to recognise it, no body, no address, no name. */
export interface RenderedReference {
  version: string;
  /** The language it is in, BCP 47. */
  locale: string;
  /** With a stand-in for the person's name. */
  subject: string;
  /** SHA-256 of subject, HTML and text, shortened; with stand-ins for the links, which are each mail's own. */
  content: string;
}

/** Renders a mail; data that the template cannot be filled in with fails the activity for good, naming the field. */
export function renderFor(
  template: Template,
  contact: Contact,
  payload: object,
  links?: TemplateData['links'],
): RenderedEmail {
  try {
    return render(template, personOf(contact), payload, links);
  } catch (error) {
    if (error instanceof MissingData || error instanceof UnsafeMail) throw neverAgain(error.name, error.message);
    throw error;
  }
}

export function referenceTo(template: Template, contact: Contact, payload: object): RenderedReference {
  const rendered = renderFor(template, contact, payload, placeholderLinks(template));
  return {
    version: template.version,
    locale: rendered.locale,
    subject: namelessSubject(template, personOf(contact), payload),
    content: createHash('sha256').update(JSON.stringify(rendered)).digest('hex').slice(0, 16),
  };
}

function personOf({ name, locale, time_zone, country }: Contact): PersonOfMail {
  return {
    ...(name !== undefined && { name }),
    ...(locale !== undefined && { locale }),
    ...(time_zone !== undefined && { time_zone }),
    ...(country !== undefined && { country }),
  };
}
