import { alwaysIn } from '../always.ts';
import { branchesOf } from '../branches.ts';
import type { Template } from '../catalogue.ts';
import { sampleLinks } from '../sample-links.ts';
import type { CompiledVariant, Finding } from '../compiled.ts';
import { MissingData, namelessSubject, render } from '../render.ts';
import { parseHtml } from './document.ts';
import type { Found, MailOfSample, MailRule, Rule } from './rule.ts';
import { rules } from './rules.ts';

/**
 * Looks at a compiled template as its readers will get it: each language, rendered with its sample, goes through every rule.
 * Throws what `render` throws for a sample that does not fill its template.
 */
export async function lint(ready: Template): Promise<Finding[]> {
  const { compiled: template } = ready;
  const mails = Object.entries(template.variants).map(([locale, variant]) => mailOf(ready, locale, variant));
  const findings: Finding[] = [];
  for (const rule of rules) {
    if ('check' in rule) {
      for (const mail of mails) findings.push(...toFindings(rule, foundBy(rule, mail), mail));
    } else {
      findings.push(...toFindings(rule, await rule.checkTemplate(template)));
    }
  }
  return findings;
}

function foundBy(rule: MailRule, mail: MailOfSample): Found[] {
  const documents = [
    ...(rule.of === undefined ? [] : mail.branches),
    ...(rule.of === 'branches' ? [] : [mail.document]),
  ];
  const found = documents.flatMap((document) => rule.check({ ...mail, document }));
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()]; // branches have much in common
}

function mailOf(template: Template, locale: string, variant: CompiledVariant): MailOfSample {
  const { compiled } = template;
  const { person, event } = variant.sample;
  const links = sampleLinks(compiled);
  const rendered = render(template, { ...person, locale }, event, links);
  return {
    template: compiled,
    variant,
    locale,
    links,
    rendered,
    document: parseHtml(rendered.html),
    branches: branchesOf(variant.html, (mustache) => mustache).map(parseHtml),
    always: { document: parseHtml(alwaysIn(variant.html, links)), text: alwaysIn(variant.text, links) },
    namelessSubject: subjectForNobody(template, locale, variant),
  };
}

function subjectForNobody(template: Template, locale: string, { sample }: CompiledVariant): string | undefined {
  const { name: _, ...person } = sample.person;
  try {
    return namelessSubject(template, { ...person, locale }, sample.event);
  } catch (error) {
    if (error instanceof MissingData) return undefined; // told where needs are checked
    throw error;
  }
}

function toFindings({ name, level }: Rule, found: Found[], mail?: MailOfSample): Finding[] {
  const common = { rule: name, level, file: mail?.variant.file ?? '', ...(mail && { locale: mail.locale }) };
  return found.map((one) => ({ ...common, ...(typeof one === 'string' ? { message: one } : one) }));
}
