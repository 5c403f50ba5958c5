import type { CompiledTemplate, CompiledVariant } from './compiled.ts';
import { closestLocale } from '../events/closest-locale.ts';
import { compileHtml, compileText, type Words } from './words.ts';

/** A template ready to render. */
export interface Template extends Pick<
  CompiledTemplate,
  'name' | 'version' | 'class' | 'topic' | 'from' | 'replyTo' | 'events'
> {
  compiled: CompiledTemplate;
  /** The variant whose language is closest to this reader's, and its locale. */
  variantFor(locale: string | undefined): { locale: string; words: VariantWords };
}

export interface VariantWords {
  subject: Words;
  preheader: Words;
  html: Words;
  text: Words;
}

/** Templates by name. */
export type Catalogue = ReadonlyMap<string, Template>;

/** Makes a published template ready; Handlebars compiles a language when somebody first needs it, once. */
export function prepare(compiled: CompiledTemplate): Template {
  const { name, version, class: kind, topic, from, replyTo, events, variants, defaultLocale } = compiled;
  const ready = new Map<string, VariantWords>();
  return {
    name,
    version,
    class: kind,
    ...(topic !== undefined && { topic }),
    ...(from !== undefined && { from }),
    ...(replyTo !== undefined && { replyTo }),
    events,
    compiled,
    variantFor(wanted) {
      const locale = closestLocale(wanted, Object.keys(variants), defaultLocale);
      const known = ready.get(locale);
      if (known) return { locale, words: known };
      const words = wordsOf(variants[locale] as CompiledVariant);
      ready.set(locale, words);
      return { locale, words };
    },
  };
}

function wordsOf({ subject, preheader, html, text }: CompiledVariant): VariantWords {
  return {
    subject: compileText(subject),
    preheader: compileText(preheader),
    html: compileHtml(html),
    text: compileText(text),
  };
}
