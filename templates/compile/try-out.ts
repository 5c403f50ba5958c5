import { branchesOf } from '../branches.ts';
import type { Template } from '../catalogue.ts';
import type { Finding, Sample } from '../compiled.ts';
import { placeOf } from '../lint/places.ts';
import { render, UnsafeMail } from '../render.ts';
import { unsafeParts } from '../safe-html.ts';
import { sampleLinks } from '../sample-links.ts';
import { isEncoded } from './data-places.ts';

/** What stands for a value: as a link it is one. */
const anyValue = 'https://value.invalid/';

/**
 * What would keep mails of this template from being sent is told now, not at somebody's mail: its own sample does not fill it,
 * or a branch that some data takes holds what no mail may hold.
 */
export function tryOut(ready: Template): Finding[] {
  const { compiled: template } = ready;
  return Object.entries(template.variants).flatMap(([locale, variant]) => {
    const unsafe = new Set(
      branchesOf(variant.html, (mustache) => (isEncoded(mustache) ? 'value' : anyValue)).flatMap(unsafeParts),
    );
    const { file } = variant;
    const common = { level: 'error' as const, file, line: 1, locale };
    return [
      ...[...unsafe].map((message) => ({
        ...common,
        rule: 'unsafe-html',
        message,
        ...placeOf({ template, variant, locale }, spelled(message)),
      })),
      ...failures(ready, locale, variant.sample, unsafe).map((why) => ({
        ...common,
        rule: 'sample',
        message: `cannot be rendered with its sample: ${why}`,
      })),
    ];
  });
}

/** Why the sample cannot be rendered, but for what is known. */
function failures(ready: Template, locale: string, { person, event }: Sample, known: ReadonlySet<string>): string[] {
  try {
    render(ready, { ...person, locale }, event, sampleLinks(ready.compiled));
    return [];
  } catch (error) {
    if (error instanceof UnsafeMail) {
      const parts = error.parts.filter((part) => !known.has(part));
      return parts.length > 0 ? [parts.join('; ')] : [];
    }
    return [(error as Error).message.replace(/^template "[^"]*"( \([^)]*\))?:? /, '')];
  }
}

/** How what is told stands in a source, most likely. */
function spelled(message: string): string {
  const [, scheme, handler] = /["(]([^"(…]+:)…|<\w+ (on\w+)=/.exec(message) ?? [];
  return scheme ?? handler ?? /<\w+/.exec(message)?.[0] ?? '';
}
