import { readAlike } from '../../events/closest-locale.ts';
import { direction } from '../locales.ts';
import { elements } from './document.ts';
import type { Found, MailRule } from './rule.ts';

export const colorScheme: MailRule = {
  name: 'color-scheme',
  level: 'warning',
  what: 'The head has `<meta name="color-scheme">`.',
  why: 'Without it, mail programs in dark mode turn the colors over as they see fit, and logos and buttons may vanish.',
  source:
    '[HTML Standard, color-scheme](https://html.spec.whatwg.org/multipage/semantics.html#meta-color-scheme); [Can I email](https://www.caniemail.com/features/html-meta-color-scheme/)',
  check({ document }) {
    if (elements(document, 'meta').some(({ attribs }) => attribs['name']?.toLowerCase() === 'color-scheme')) return [];
    return ['the head has no <meta name="color-scheme" content="light dark" />: put it into an mj-raw of the mj-head'];
  },
};

export const language: MailRule = {
  name: 'language',
  level: 'error',
  milder: 'only the direction of the text is wrong',
  what: 'The HTML names the language of the mail (`lang`), and the direction in which it is written (`dir`).',
  why: 'Screen readers pronounce by it, and Arabic and Hebrew stand on the wrong side without it.',
  source:
    'WCAG 2.2, [3.1.1 Language of Page](https://www.w3.org/TR/WCAG22/#language-of-page); [W3C, Structural markup and right-to-left text](https://www.w3.org/International/questions/qa-html-dir)',
  check({ document, locale }) {
    const [html] = elements(document, 'html');
    return [...checkLanguage(html?.attribs['lang'], locale), ...checkDirection(html?.attribs['dir'], locale)];
  },
};

function checkLanguage(lang: string | undefined, locale: string): Found[] {
  const right = 'write <mjml lang="{{locale.language}}"> in the layout';
  if (lang === undefined || lang === '') return [`<html> has no lang: ${right}`];
  if (readAlike(lang, locale)) return [];
  return [`<html lang="${lang}"> is not the language of this mail, ${locale}: ${right}`];
}

function checkDirection(dir: string | undefined, locale: string): Found[] {
  const wanted = direction(locale);
  // `auto` goes by the first letter, and that may be of a name in another script.
  if (dir === wanted || (wanted === 'ltr' && dir !== 'rtl')) return [];
  const has = dir === undefined ? 'has no dir' : `has dir="${dir}"`;
  const message = `<html> ${has}, and ${locale} is written ${wanted}: write <mjml dir="{{locale.direction}}"> in the layout`;
  return [{ level: 'warning', message }];
}
