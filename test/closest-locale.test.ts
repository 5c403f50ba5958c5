import { describe, expect, it } from 'vitest';

import { closestLocale, fallbackChain } from '../events/closest-locale.ts';
import { languageOf, topicWords } from '../ingress/pages/language.ts';
import { configSchema } from '../config/schema.ts';
import { direction, formatLocale } from '../templates/locales.ts';

it.each(['en-US-posix', 'en-US-u-va-posix', 'de-u-co-phonebk', 'ca-ES-valencia', 'zh-Hant-TW-x-private'])(
  'the chain of %s ends',
  (locale) => {
    expect(fallbackChain(locale).length).toBeGreaterThan(1);
  },
);

describe('a reader gets the closest language that there is', () => {
  it.each([
    ['zh-TW', ['zh', 'zh-Hant'], 'zh-Hant'],
    ['zh-TW', ['zh-Hant-TW', 'zh-Hant'], 'zh-Hant-TW'],
    ['zh-HK', ['zh', 'zh-Hant'], 'zh-Hant'],
    ['zh-HK', ['zh-Hant', 'zh-Hant-HK'], 'zh-Hant-HK'],
    ['zh-HK', ['zh-CN', 'zh-TW'], 'zh-TW'],
    ['zh-MO', ['zh-TW', 'zh-HK'], 'zh-HK'],
    ['zh-Hant', ['zh-TW'], 'zh-TW'],
    ['zh-SG', ['zh-Hant', 'zh-Hans'], 'zh-Hans'],
    ['zh-Hans', ['zh'], 'zh'],
    ['zh-CN', ['zh-TW', 'zh'], 'zh'],
    ['sr-RS', ['sr-Latn', 'sr'], 'sr'],
    ['sr-RS', ['sr-Latn', 'sr-Cyrl'], 'sr-Cyrl'],
    ['sr-ME', ['sr', 'sr-Latn'], 'sr-Latn'],
    ['sh', ['sr', 'sr-Latn'], 'sr-Latn'],
    ['no', ['nn', 'nb'], 'nb'],
    ['nb-NO', ['no'], 'no'],
    ['no-NO', ['nb'], 'nb'],
    ['nn-NO', ['nb'], 'nb'],
    ['nn', ['no', 'nn'], 'nn'],
    ['pt-PT', ['pt', 'pt-PT'], 'pt-PT'],
    ['pt-AO', ['pt', 'pt-PT'], 'pt-PT'],
    ['pt-MZ', ['pt-BR'], 'pt-BR'],
    ['pt-BR', ['pt-PT', 'pt'], 'pt'],
    ['es-MX', ['es', 'es-419'], 'es-419'],
    ['es-ES', ['es-419', 'es'], 'es'],
    ['en-AU', ['en', 'en-001'], 'en-001'],
    ['en-AT', ['en-001', 'en-150'], 'en-150'],
    ['en', ['en-US'], 'en-US'],
    ['pa-PK', ['pa', 'pa-Arab'], 'pa-Arab'],
    ['hi-Latn', ['hi', 'en'], 'en'],
    ['DE-ch', ['de'], 'de'],
    ['ca-ES-valencia', ['ca'], 'ca'],
    ['de-DE-u-co-phonebk', ['de'], 'de'],
    ['iw', ['he'], 'he'],
  ])('%s of %j: %s', (wanted, there, closest) => {
    expect(closestLocale(wanted, there, 'fr')).toBe(closest);
  });

  it.each([
    ['zh-TW', ['zh', 'zh-Hans', 'zh-CN']],
    ['zh-HK', ['zh-Hans-HK', 'zh']],
    ['zh-Hant', ['zh']],
    ['zh-CN', ['zh-Hant', 'zh-TW']],
    ['sr-Latn', ['sr', 'sr-Cyrl']],
    ['sr-RS', ['sr-Latn']],
    ['sr-ME', ['sr']],
    ['pa-PK', ['pa']],
    ['az-Cyrl', ['az']],
    ['uz-AF', ['uz']],
    ['en-Shaw', ['en']],
    ['nb', ['nn']],
    ['pt', ['pt-PT']],
    ['es', ['es-419']],
    ['de-AT', ['de-CH']],
    ['no locale at all', ['no', 'nb']],
    ['x-klingon', ['x', 'en']],
    ['und', ['en']],
    ['', ['en']],
  ])('and none that CLDR does not inherit from: %s of %j', (wanted, there) => {
    expect(closestLocale(wanted, there, 'default')).toBe('default');
  });

  it('without naming one twice', () => {
    for (const locale of ['zh-MO', 'nn-NO', 'en-CH', 'pt-AO', 'de-CH-1996', 'yue-HK']) {
      expect(new Set(fallbackChain(locale)).size).toBe(fallbackChain(locale).length);
    }
  });
});

describe('numbers and dates take the form of the reader', () => {
  it.each([
    ['de-CH', 'de', 'de-CH'],
    ['zh-HK', 'zh-Hant', 'zh-HK'],
    ['sr-RS', 'sr', 'sr-RS'],
    ['nb-NO', 'no', 'nb-NO'],
    ['pt-pt', 'pt', 'pt-PT'],
    ['sr-Latn', 'sr', 'sr'],
    ['zh-CN', 'zh-Hant', 'zh-Hant'],
    ['fr', 'en', 'en'],
    ['hi-Latn', 'en', 'en'],
    ['no locale at all', 'en', 'en'],
    [undefined, 'de', 'de'],
  ])('%s in %s: %s', (reader, mail, form) => {
    expect(formatLocale(reader, mail)).toBe(form);
  });
});

it.each([
  ...['ar', 'he', 'fa-AF', 'ur', 'yi', 'ckb', 'pa-PK', 'uz-AF', 'az-IR', 'ff-Adlm', 'sd'].map((tag) => [tag, 'rtl']),
  ...['en', 'pa', 'az', 'sd-Deva', 'zh-Hant', 'sr', 'ar-Latn', 'und'].map((tag) => [tag, 'ltr']),
])('%s is written %s', (locale, written) => {
  expect(direction(locale)).toBe(written);
});

describe('the pages behind links choose as emails do', () => {
  it.each([
    ['pt-AO', undefined, 'pt'],
    ['es-MX', undefined, 'es'],
    ['hi-Latn', undefined, 'en'],
    ['zh-TW', 'de-CH', 'de'],
    [undefined, 'ar-EG', 'ar'],
    [undefined, '*, x', 'en'],
  ])('%s, in a browser that asks for %s: %s', (person, browser, code) => {
    expect(languageOf(person, browser).code).toBe(code);
  });

  it('for topics too', () => {
    const translations = {
      'pt-PT': { title: 'Promoções' },
      pt: { title: 'Ofertas' },
      'es-419': { title: 'Ofertas ya' },
    };
    const { topics } = configSchema.parse({ topics: { offers: { title: 'Offers', translations } } });
    const title = (locale: string) => topicWords(topics, 'offers', languageOf(locale, undefined))?.title;
    expect(['pt-AO', 'pt', 'es-MX', 'es', 'de'].map(title)).toEqual([
      'Promoções',
      'Ofertas',
      'Ofertas ya',
      'Offers',
      'Offers',
    ]);
  });
});
