import { html } from 'hono/html';
import type { Look } from './look.ts';
import type { Fragment } from './page-facts.ts';
import { hrefOf, type View } from './view.ts';

/** For whom the mail is, and on what it is read. Links and one form: it works without the script, which saves the loading. */
export function controlsPart(look: Look, view: View): Fragment {
  return html`<form id="controls" class="controls" action="/" method="get">
    ${kept(view)}
    <div class="row">
      ${look.template ? choice('Language', languages(look, view)) : ''}
      ${choice('Width', [
        { words: 'Desktop', href: hrefOf(view, { width: 'desktop' }), current: view.width === 'desktop' },
        { words: 'Phone', href: hrefOf(view, { width: 'phone' }), current: view.width === 'phone' },
      ])}
      ${choice('Colours', [
        { words: 'Light', href: hrefOf(view, { dark: false }), current: !view.dark },
        { words: 'Dark', href: hrefOf(view, { dark: true }), current: view.dark },
      ])}
    </div>
    <div class="row">
      <label class="field"
        >Somebody who reads
        <input
          id="locale"
          name="locale"
          value="${view.locale}"
          placeholder="${look.wanted}"
          autocomplete="off"
          spellcheck="false"
          size="7"
      /></label>
      <label class="field"
        >in the time zone
        <input
          id="zone"
          name="zone"
          value="${view.zone}"
          placeholder="${look.zone}"
          list="zones"
          autocomplete="off"
          spellcheck="false"
          size="15"
      /></label>
      <datalist id="zones">${zones.map((zone) => html`<option value="${zone}"></option>`)}</datalist>
      <p class="taken">${takenWords(look)}</p>
      <noscript><button type="submit">Show</button></noscript>
    </div>
  </form>`;
}

const zones = Intl.supportedValuesOf('timeZone');

/** What the form does not ask for stays as it is. */
function kept({ template, data, tab, width, dark }: View): Fragment[] {
  const fields = { template, data, tab, width, dark: dark ? '1' : '' };
  return Object.entries(fields)
    .filter(([name, value]) => value !== '' && name !== 'data')
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`);
}

interface Option {
  words: string;
  href: string;
  current: boolean;
  lang?: string;
}

function choice(label: string, options: Option[]): Fragment {
  return html`<div class="choice" role="group" aria-label="${label}">
    ${options.map(
      ({ words, href, current, lang }) =>
        html`<a
          href="${href}"
          data-swap
          ${lang === undefined ? '' : html`lang="${lang}"`}
          ${current ? html`aria-current="true"` : ''}
          >${words}</a
        >`,
    )}
  </div>`;
}

function languages({ template, taken }: Look, view: View): Option[] {
  return Object.keys(template?.compiled.variants ?? {})
    .toSorted(
      (one, other) =>
        Number(other === template?.compiled.defaultLocale) - Number(one === template?.compiled.defaultLocale),
    )
    .map((locale) => ({
      words: ownName(locale),
      lang: locale,
      href: hrefOf(view, { locale }),
      current: locale === taken,
    }));
}

/** As those who read it call it: Deutsch. */
function ownName(locale: string): string {
  const name = new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale;
  return name.slice(0, 1).toLocaleUpperCase(locale) + name.slice(1);
}

function takenWords({ template, wanted, taken }: Look): Fragment | string {
  if (!template || wanted === taken) return '';
  const why = wanted.startsWith(`${taken}-`) ? 'the closest' : 'the default, since there is nothing closer';
  return html`gets <b>${taken}</b>, ${why}`;
}
