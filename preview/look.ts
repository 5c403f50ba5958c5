import { type CompiledTemplate } from '../templates/compiled.ts';
import { prepare, type Template } from '../templates/catalogue.ts';
import { sampleLinks } from '../templates/sample-links.ts';
import { canonical } from '../events/closest-locale.ts';
import { render, type RenderedEmail } from '../templates/render.ts';
import { dataOf, type EditedData, type MailData, WrongData } from './mail-data.ts';
import type { Versions } from './product.ts';
import type { RecentEvents } from './recent-events.ts';
import type { OnDisk, TemplatesOnDisk } from './templates-on-disk.ts';
import type { View } from './view.ts';

/** What is to be seen of a template: the mail, of what it was made, and what keeps it from being better. */
export interface Look {
  onDisk: OnDisk;
  /** Absent when the files never made sense and nothing is published either. */
  template?: Template;
  /** Whether the template is what the files say, what they said last, or the published version. */
  standing: 'files' | 'last good' | 'published';
  /** The language of the variant that was taken, BCP 47. */
  taken: string;
  /** What the reader reads, BCP 47. */
  wanted: string;
  zone: string;
  data: MailData;
  mail?: RenderedEmail;
  /** What about the view could not be done; the mail is shown without it then. */
  problems: string[];
}

export interface LookDependencies {
  templates: Pick<TemplatesOnDisk, 'find'>;
  versions: Pick<Versions, 'live' | 'load'>;
  events: Pick<RecentEvents, 'find'>;
  edited: EditedData;
}

/** Undefined when there is no such template. */
export async function look(view: View, deps: LookDependencies): Promise<Look | undefined> {
  const onDisk = await deps.templates.find(view.template);
  if (!onDisk) return undefined;
  const template = onDisk.last ?? (await published(view.template, deps.versions));
  const standing = onDisk.mistakes.length === 0 ? 'files' : onDisk.last ? 'last good' : 'published';
  const nothing = { from: 'nothing', sample: { person: {}, event: {} } };
  if (!template) return { onDisk, standing, taken: '', wanted: '', zone: '', data: nothing, problems: [] };
  return { onDisk, template, standing, ...(await lookAt(template, view, deps)) };
}

/** One template in the language, with the data and in the time zone of the view. */
export async function lookAt(
  template: Template,
  view: Pick<View, 'locale' | 'zone' | 'data'>,
  deps: Pick<LookDependencies, 'events' | 'edited'>,
): Promise<Pick<Look, 'taken' | 'wanted' | 'zone' | 'data' | 'mail' | 'problems'>> {
  const { compiled } = template;
  const problems: string[] = [];
  const locale = canonical(view.locale);
  if (view.locale !== '' && locale === '') {
    problems.push(`"${view.locale}" is no locale as BCP 47 spells it, such as pt-BR`);
  }
  if (view.zone !== '' && !isZone(view.zone)) {
    problems.push(`"${view.zone}" is no IANA time zone, such as Europe/Berlin`);
  }

  const sampleOf = template.variantFor(locale).locale;
  const sample = () => dataOf('', compiled, sampleOf, deps);
  const data = await dataOf(view.data, compiled, sampleOf, deps).catch((error: unknown) => {
    if (!(error instanceof WrongData)) throw error;
    problems.push(`Shown with the sample: ${error.message}`);
    return sample();
  });

  const zone = (isZone(view.zone) && view.zone) || data.sample.person.time_zone || 'UTC';
  const wanted = locale || data.sample.person.locale || compiled.defaultLocale;
  const filled = ({ sample: { person, event } }: MailData) =>
    render(template, { ...person, locale: wanted, time_zone: zone }, event, sampleLinks(compiled));
  const seen = { taken: template.variantFor(wanted).locale, wanted, zone, data, problems };
  try {
    return { ...seen, mail: filled(data) };
  } catch (error) {
    problems.push(`With ${data.from} there is no mail: ${inShort(error as Error)}. Shown with the sample.`);
  }
  try {
    return { ...seen, mail: filled(await sample()) };
  } catch {
    return seen; // an older version, whose sample does not suit this language
  }
}

/** The name of the template stands above. */
function inShort({ message }: Error): string {
  return message.replace(/^template "[^"]*"(?: \([^)]*\))?: /, '').replace(/ - \d+:\d+$/, '');
}

export function isZone(zone: string): boolean {
  try {
    return zone !== '' && Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}

async function published(name: string, versions: LookDependencies['versions']): Promise<Template | undefined> {
  try {
    const version = (await versions.live()).get(name);
    return version === undefined ? undefined : await publishedVersion(name, version, versions);
  } catch {
    return undefined; // Postgres is unavailable, which the tab of versions tells
  }
}

/** A published version, ready to render. Rejects while Postgres is unavailable. */
export async function publishedVersion(
  name: string,
  version: string,
  versions: Pick<Versions, 'load'>,
): Promise<Template | undefined> {
  const stored = await versions.load(name, version);
  return stored && prepare(stored as CompiledTemplate);
}
