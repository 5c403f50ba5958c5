import type { Template } from './catalogue.ts';
import type { PersonOfMail } from './compiled.ts';
import type { Reader } from './format.ts';
import { formatLocale } from './locales.ts';
import { unsafeParts } from './safe-html.ts';
import { oneLine, safeText } from './safe-text.ts';
import type { TemplateData } from './words.ts';

export interface RenderedEmail {
  subject: string;
  preheader: string;
  html: string;
  text: string;
  /** Of the variant that was chosen, BCP 47. */
  locale: string;
}

/** A template asked for something that the event or the person does not have, or cannot be filled in with it. */
export class MissingData extends Error {
  override readonly name = 'MissingData';
}

/** With this data the mail would hold what no mail may hold. */
export class UnsafeMail extends Error {
  override readonly name = 'UnsafeMail';
  readonly parts: readonly string[];
  constructor(mail: string, parts: readonly string[]) {
    super(`${mail}: ${parts.join('; ')}`);
    this.parts = parts;
  }
}

/**
 * Renders one mail in the language that is closest to the person's. Throws MissingData when the template needs what is not
 * there, UnsafeMail when a value would become a link to something else than a page or an address.
 */
export function render(
  template: Template,
  person: PersonOfMail,
  payload: object,
  links: TemplateData['links'] = {},
): RenderedEmail {
  const { locale, words } = template.variantFor(person.locale);
  const reader = readerOf(person, locale);
  const data = plain(person, payload, links);
  const rendered = filled(template, () => {
    const [subject, preheader] = [oneLine(words.subject(data, reader)), oneLine(words.preheader(data, reader))];
    const inner = { ...data, subject, preheader };
    return {
      subject,
      preheader,
      html: words.html(inner, reader),
      text: withoutGaps(words.text(inner, reader)),
      locale,
    };
  });
  const unsafe = unsafeParts(rendered.html);
  if (unsafe.length > 0) throw new UnsafeMail(`template "${template.name}" (${locale})`, unsafe);
  return rendered;
}

/** The subject as it may be shown in Temporal UI: with a stand-in where the person's name would be. */
export function namelessSubject(template: Template, person: PersonOfMail, payload: object): string {
  const { locale, words } = template.variantFor(person.locale);
  const data = plain({ ...person, ...(isSeen(person.name) && { name: '‹name›' }) }, payload, {});
  return filled(template, () => oneLine(words.subject(data, readerOf(person, locale))));
}

function readerOf({ locale, time_zone }: PersonOfMail, mail: string): Reader {
  return { locale: formatLocale(locale, mail), timeZone: isZone(time_zone) ? time_zone : 'UTC' };
}

const zones = new Map<string, boolean>();

/** A zone that was right where it was written may be unknown here: the mail shows UTC then, and says so in `dateTime`. */
function isZone(zone: string | undefined): zone is string {
  if (zone === undefined) return false;
  let known = zones.get(zone);
  if (known === undefined) {
    try {
      known = Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
    } catch {
      known = false;
    }
    if (zones.size < 1_000) zones.set(zone, known);
  }
  return known;
}

/** Where a block of the text part was left out, no hole stays. */
function withoutGaps(text: string): string {
  return `${text
    .replaceAll(/(?<![ \t])[ \t]+$/gm, '') // looking back keeps a long run of blanks from being tried from each of them
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}

/** What an object says where it is shown as text: something that nothing else says. */
const objectAsText = '\uffffobject\uffff';

function filled<T>(template: Template, fill: () => T): T {
  let result: T;
  try {
    result = fill();
  } catch (error) {
    // Handlebars says: "total" not defined in <the object>
    const message = (error as Error).message.replace(` in ${objectAsText}`, '');
    throw new MissingData(`template "${template.name}": ${message}`);
  }
  if (JSON.stringify(result).includes(objectAsText)) {
    throw new MissingData(`template "${template.name}": it shows a list or an object as if it were text`);
  }
  return result;
}

/** JSON and back, without prototypes: what is left can hold no function, no getter and no inherited name. */
function plain(person: PersonOfMail, payload: object, links: TemplateData['links']): TemplateData {
  const bare = (_: string, value: unknown): unknown => {
    if (typeof value === 'string') return safeText(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.assign(Object.create(withoutPrototype) as object, value);
  };
  const named = isSeen(person.name) ? person : { ...person, name: undefined };
  return JSON.parse(JSON.stringify({ person: named, event: payload, links }), bare);
}

/** Who has a name of blanks and invisible letters has none: nobody reads "Hello ,". */
function isSeen(name: string | undefined): boolean {
  return name !== undefined && safeText(name).trim() !== '';
}

const withoutPrototype = Object.freeze(
  Object.create(null, { [Symbol.toPrimitive]: { value: () => objectAsText } }) as object,
);
