import type { Contact } from '../events/person.ts';
import type { Event } from '../events/index.ts';
import { fullPayload, type PersonalPart } from '../events/split-event.ts';
import type { Template } from '../templates/catalogue.ts';
import type { PersonOfMail } from '../templates/compiled.ts';
import { MissingData, render, type RenderedEmail, UnsafeMail } from '../templates/render.ts';
import type { TemplateData } from '../templates/words.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failPermanently } from './failures.ts';
import type { Mail } from './mailers/mailer.ts';
import type { Send } from './send.ts';
import { emailHeaders, groupsOf, linksFor } from './email-headers.ts';

/**
 * The email as this person gets it. `personal`: the event's personal fields, which no journey has seen. Fails permanently
 * where the data does not fill the template, naming the field.
 */
export async function composeEmail(
  deps: ActivityDependencies,
  { content, tag, journey }: Send,
  contact: Contact & { email: string },
  event: Event,
  personal: PersonalPart = {},
): Promise<Mail> {
  const sender = deps.settings.sender(content);
  const links = linksFor(deps.links, content, event, { tag, address: () => deps.store.addressHash(contact.email) });
  const { html, text, subject } = renderEmail(content, contact, fullPayload(event, personal), links);
  const headers = emailHeaders(content, { unsubscribe: links.unsubscribe, tag, ...sender, ...deps.settings });
  return { ...sender, to: contact.email, subject, html, text, headers, tag, groups: groupsOf(content, journey) };
}

/** Renders a template for a person and the payload of an event. */
export function renderEmail(
  template: Template,
  contact: Contact,
  payload: object,
  links?: TemplateData['links'],
): RenderedEmail {
  try {
    return render(template, personOf(contact), payload, links);
  } catch (error) {
    if (error instanceof MissingData) throw failPermanently('MissingData', error.message);
    if (error instanceof UnsafeMail) throw failPermanently('UnsafeEmail', error.message);
    throw error;
  }
}

function personOf({ name, locale, time_zone, country }: Contact): PersonOfMail {
  return {
    ...(name !== undefined && { name }),
    ...(locale !== undefined && { locale }),
    ...(time_zone !== undefined && { time_zone }),
    ...(country !== undefined && { country }),
  };
}
