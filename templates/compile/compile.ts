import { createHash } from 'node:crypto';

import { checkTopic } from '../built.ts';
import { prepare } from '../catalogue.ts';
import { checkNeeds, checkSample, type Schemas } from '../check-needs.ts';
import type { CompiledTemplate, CompiledVariant, Finding, Sample } from '../compiled.ts';
import { lint } from '../lint/lint.ts';
import { needsOf } from '../needs.ts';
import { TemplateError } from '../template-error.ts';
import { withoutComments } from '../mustaches.ts';
import { checkSyntax, helperNames } from '../words.ts';
import { type Composed, constantName, partialName } from './compose.ts';
import { misplacedData } from './data-places.ts';
import type { FrontMatter } from './front-matter.ts';
import { gather, type GatheredVariant } from './gather.ts';
import { mjmlToHtml, placeOf } from './mjml.ts';
import { brokenStructure } from './mjml-structure.ts';
import { placeIn } from './place-needs.ts';
import { ambiguousMarkup } from './plain-markup.ts';
import { strayText } from './stray-text.ts';
import { textPart } from './text-part.ts';
import { tryOut } from './try-out.ts';

/** What a template may refer to. */
export interface Known {
  topics: readonly string[];
  /** By default those of events/index.ts. */
  events?: Schemas;
}

export interface CompileResult {
  template: CompiledTemplate;
  /** With an error among them the template is a mail, but none that may be published. */
  findings: Finding[];
}

/**
 * Compiles one template from its files, in all its languages, and looks whether its events, its person and its sample have
 * what it shows. Throws one TemplateError that lists everything that keeps it from being compiled, with file and line.
 */
export async function compileTemplate(dir: string, name: string, known: Known): Promise<CompileResult> {
  const { matter, variants: languages, sources, mistakes } = gather(dir, name);
  if (!matter) throw new TemplateError(mistakes);
  checkTopic({ name, ...(matter.topic !== undefined && { topic: matter.topic }) }, known.topics);

  const findings: Finding[] = [];
  const variants: Record<string, CompiledVariant> = {};
  for (const language of languages) {
    const { locale, isDefault, file, text, composed } = language;
    const variant = await compileVariant(language);
    if ('mistakes' in variant) {
      mistakes.push(...variant.mistakes);
      continue;
    }
    const sample = (language.matter.sample ?? matter.sample ?? noSample) as Sample;
    variants[locale] = { ...variant, sample };
    const place = placeIn(composed, variant, text);
    findings.push(
      ...checkNeeds(needsOf(variant, file.file), matter, known.events, place),
      ...(language.matter.sample || isDefault
        ? checkSample(sample, matter.events, { file: file.file, ...(known.events && { schemas: known.events }) })
        : []),
    );
  }
  if (mistakes.length > 0) throw new TemplateError([...new Set(mistakes)]);
  const template = withVersion(describe(name, matter, variants, sources));
  const ready = prepare(template); // Handlebars compiles once for both
  findings.push(...tryOut(ready));
  // A mail that cannot be made has no sizes and links to look at.
  if (!findings.some(({ level }) => level === 'error')) findings.push(...(await lint(ready)));
  return { template, findings };
}

const noSample: Sample = { person: {}, event: {} };

async function compileVariant({
  matter,
  file,
  text,
  composed,
}: GatheredVariant): Promise<Omit<CompiledVariant, 'sample'> | { mistakes: string[] }> {
  const { subject, preheader } = matter;
  const mistakes = [
    ...composed.mistakes,
    ...composed.parts.flatMap(({ file: part, text: words, line: first }) => {
      const place = (line: number) => `${part}:${first + line - 1}`;
      const wrong = syntaxMistakes(words.replaceAll(partialName, ''), place);
      if (wrong.length > 0) return wrong;
      const bare = withoutComments(words).replaceAll(constantName, '');
      return [...ambiguousMarkup(bare), ...misplacedData(bare)].map(({ line, message }) => `${place(line)} ${message}`);
    }),
    ...syntaxMistakes(subject, () => `${file.file}:1 subject`),
    ...syntaxMistakes(preheader, () => `${file.file}:1 preheader`),
    ...(text ? syntaxMistakes(text.text, (line) => `${text.file}:${line}`) : []),
  ];
  if (mistakes.length > 0) return { mistakes };
  // What is harmless in each part may not be so in the whole: a partial between braces, or inside of a tag.
  const placed = (problems: { line: number; message: string }[]) =>
    problems.map(({ line, message }) => `${placeOf(composed.places, line)} ${message}`);
  const together = [
    ...syntaxMistakes(composed.mjml, (line) => placeOf(composed.places, line)),
    ...placed([...ambiguousMarkup(composed.mjml), ...misplacedData(composed.mjml)]),
  ];
  if (together.length > 0) return { mistakes: together };
  const stray = placed([...strayText(composed.mjml), ...brokenStructure(composed.mjml)]);
  if (stray.length > 0) return { mistakes: stray };
  const { html, mistakes: wrong } = await mjmlToHtml(composed);
  if (wrong.length > 0) return { mistakes: wrong };
  // MJML writes CSS of some of its attributes.
  const written = misplacedData(html).map(
    ({ message }) => `${placeOfMustache(composed, message, file.file)} ${message}`,
  );
  if (written.length > 0) return { mistakes: written };
  const derived = text ? undefined : textPart(html);
  if (!text && derived === undefined) return { mistakes: [literalBraces(composed, file.file)] };
  const unreadable = syntaxMistakes(derived ?? '', () => `${file.file}:1 the text part made of the HTML:`);
  if (unreadable.length > 0) return { mistakes: unreadable };
  return {
    subject,
    preheader,
    html,
    text: text?.text ?? derived ?? '',
    textIsDerived: text === undefined,
    file: file.file,
  };
}

/** A message begins with the `{{...}}` that it is about; its first line in the sources is told. */
function placeOfMustache({ mjml, places }: Composed, message: string, file: string): string {
  const mustache = /^\{\{.*?\}\}/.exec(message)?.[0];
  const line = mustache === undefined ? -1 : mjml.split('\n').findIndex((text) => text.includes(mustache));
  return line < 0 ? `${file}:1` : placeOf(places, line + 1);
}

/** Where the sources spell a brace or a backslash that Handlebars would read in the text part, if one is found. */
function literalBraces({ mjml, places }: Composed, file: string): string {
  const line = mjml.split('\n').findIndex((text) => /&(?:#0*(?:123|92)|#x0*(?:7b|5c)|lcub|lbrace|bsol);?/i.test(text));
  const place = line < 0 ? `${file}:1` : placeOf(places, line + 1);
  return `${place} {{ would be read as Handlebars in the text part that is made of the HTML: write \\{{ for braces that are shown, or a mail.txt`;
}

/** What Handlebars does not take, and what it would but we do not. */
function syntaxMistakes(source: string, place: (line: number) => string): string[] {
  try {
    checkSyntax(source);
    return [];
  } catch (error) {
    const { message } = error as Error;
    const [, one, other] = /\bline (\d+)|- (\d+):\d+$/m.exec(message) ?? [];
    const what = message
      .replace(/ ?\bon line \d+(?=:)|^line \d+: | - \d+:\d+$/gm, '')
      .replace(/^You specified knownHelpersOnly, but used the unknown helper (\S+).*/s, unknownHelper);
    return [`${place(Number(one ?? other ?? 1))} ${what}`];
  }
}

function unknownHelper(_: string, name: string): string {
  return `there is no helper "${name}"; there are ${helperNames.join(', ')}`;
}

function describe(
  name: string,
  { class: kind, topic, from, reply_to: replyTo, events, locale }: FrontMatter,
  variants: Record<string, CompiledVariant>,
  sources: Record<string, string>,
): Omit<CompiledTemplate, 'version'> {
  return {
    name,
    class: kind,
    ...(topic !== undefined && { topic }),
    ...(from !== undefined && { from }),
    ...(replyTo !== undefined && { replyTo }),
    events,
    defaultLocale: locale,
    variants,
    sources,
  };
}

/** Hashed with sorted keys: the same words have the same version, in whatever order a folder is listed. */
function withVersion(template: Omit<CompiledTemplate, 'version'>): CompiledTemplate {
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : value;
  const version = createHash('sha256').update(JSON.stringify(template, sorted)).digest('hex').slice(0, 12);
  return { ...template, version };
}
