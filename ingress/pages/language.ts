import type { Config } from '../../config/schema.ts';
import { canonical, fallbackChain } from '../../events/closest-locale.ts';
import { arabic } from './words-arabic.ts';
import { french } from './words-french.ts';
import { german } from './words-german.ts';
import { portuguese } from './words-portuguese.ts';
import { spanish } from './words-spanish.ts';
import { english, type PageWords } from './words.ts';

const languages = {
  en: english,
  de: german,
  fr: french,
  es: spanish,
  pt: portuguese,
  ar: arabic,
} as const satisfies Record<string, PageWords>;

/** The words of a page, and the locale that the topics are asked for in. */
export interface Language {
  code: keyof typeof languages;
  words: PageWords;
  /** The person's own, such as `de-AT`, which a topic may have words for. */
  locale: string;
}

/** The first locale that there are words for: the person's, then what their browser asks for, then English. */
export function languageOf(locale: string | undefined, acceptLanguage: string | undefined): Language {
  for (const wanted of [...(locale === undefined ? [] : [locale]), ...inOrder(acceptLanguage ?? '')]) {
    const code = fallbackChain(wanted).find(isKnown);
    if (code) return { code, words: languages[code], locale: wanted };
  }
  return { code: 'en', words: english, locale: 'en' };
}

function inOrder(acceptLanguage: string): string[] {
  return acceptLanguage
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', quality] = part.trim().split(/\s*;\s*q=/);
      return { tag, quality: quality === undefined ? 1 : Number(quality) || 0 };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag);
}

function isKnown(code: string): code is Language['code'] {
  return Object.hasOwn(languages, code);
}

export interface TopicWords {
  title: string;
  description?: string | undefined;
}

/** A topic as this person reads it; undefined when it is no longer in the configuration. */
export function topicWords(topics: Config['topics'], name: string, { locale }: Language): TopicWords | undefined {
  if (!Object.hasOwn(topics, name)) return undefined;
  const topic = topics[name];
  const translated = new Map(Object.entries(topic?.translations ?? {}).map(([tag, words]) => [canonical(tag), words]));
  const closest = fallbackChain(locale).find((tag) => translated.has(tag));
  return closest === undefined ? topic : translated.get(closest);
}
