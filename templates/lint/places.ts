import type { CompiledTemplate, Finding } from '../compiled.ts';
import { fallbackChain } from '../../events/closest-locale.ts';
import type { MailOfSample } from './rule.ts';

/**
 * Where a text of the rendered mail is written, if it stands in a source as it is: in the mail's own file, else in a layout
 * or partial of its language. What comes from data has no place of its own.
 */
export function placeOf(
  { template, variant, locale }: Pick<MailOfSample, 'template' | 'variant' | 'locale'>,
  text: string,
): Partial<Pick<Finding, 'file' | 'line'>> {
  if (text.trim() === '') return {};
  for (const file of filesFor(template, variant.file, locale)) {
    const at = template.sources[file]?.indexOf(text) ?? -1;
    if (at >= 0) return { file, line: lineAt(template.sources[file] ?? '', at) };
  }
  return {};
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function filesFor({ sources }: CompiledTemplate, own: string, locale: string): string[] {
  const endings = [...fallbackChain(locale), undefined];
  const shared = Object.keys(sources)
    .map((file) => ({ file, rank: endings.indexOf(localeIn(file)) }))
    .filter(({ file, rank }) => /^(?:layouts|partials)\//.test(file) && rank >= 0)
    .toSorted((one, other) => one.rank - other.rank);
  return [own, ...shared.map(({ file }) => file)];
}

/** `partials/footer.pt-BR.mjml` -> `pt-BR` */
function localeIn(file: string): string | undefined {
  return /\.([A-Za-z0-9-]+)\.mjml$/.exec(file)?.[1];
}
