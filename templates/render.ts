import type { Template } from './catalogue.ts';
import type { TemplateData } from './words.ts';

export interface RenderedEmail {
  subject: string;
  html: string;
  text: string;
}

/** A template asked for something that the event or the person does not have. */
export class MissingData extends Error {
  override readonly name = 'MissingData';
}

/** Renders one mail. Throws MissingData when the template needs what is not there. */
export function render(
  template: Template,
  person: { name?: string },
  payload: object,
  links: TemplateData['links'] = {},
): RenderedEmail {
  const data = plain(person, payload, links);
  try {
    const subject = oneLine(template.subjectWords(data));
    const inner = { ...data, subject, preheader: oneLine(template.preheaderWords(data)) };
    return { subject, html: template.html(inner), text: template.text(inner) };
  } catch (error) {
    throw new MissingData(`template "${template.name}": ${(error as Error).message}`);
  }
}

/** The subject as it may be shown in Temporal UI: with a stand-in where the person's name would be. */
export function namelessSubject(template: Template, person: { name?: string }, payload: object): string {
  return oneLine(template.subjectWords(plain({ ...(person.name && { name: '‹name›' }) }, payload)));
}

/** JSON and back: what is left can hold no function and no getter. */
function plain(person: { name?: string }, payload: object, links: TemplateData['links'] = {}): TemplateData {
  return JSON.parse(JSON.stringify({ person, event: payload, links }));
}

/** A header value: no line breaks or other control characters. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is taken out
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}
