import { html } from 'hono/html';
import type { Finding } from '../templates/compiled.ts';
import { placeOf, withoutPlace } from './source-files.ts';
import type { Look } from './look.ts';
import type { Fragment, PageFacts } from './page-facts.ts';
import { hrefOf } from './view.ts';

/** What the compiler and the lint say. */
export function findingsPart({ onDisk: { mistakes, findings } }: Look): Fragment {
  const all: (Omit<Finding, 'file'> & { file?: string })[] = [
    ...mistakes.map((mistake) => ({
      rule: 'compile',
      level: 'error' as const,
      message: withoutPlace(mistake),
      ...placeOf(mistake),
    })),
    ...findings.toSorted((one, other) => Number(other.level === 'error') - Number(one.level === 'error')),
  ];
  return html`<section id="findings" class="card" aria-labelledby="findings-title">
    <h2 id="findings-title">Findings ${all.length === 0 ? '' : html`<span class="count">${all.length}</span>`}</h2>
    ${
      all.length === 0
        ? html`<p class="fine">Nothing to put right.</p>`
        : html`<ul class="findings">
            ${all.map(finding)}
          </ul>`
    }
  </section>`;
}

function finding({ rule, level, message, file, line, locale }: Omit<Finding, 'file'> & { file?: string }): Fragment {
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}`;
  return html`<li>
    <p>
      <span class="mark ${level}">${level}</span> <b>${rule}</b> ${locale === undefined ? '' : html`<i>${locale}</i>`}
    </p>
    <p>${message}</p>
    ${place === '' ? '' : html`<p class="mono place">${place}</p>`}
  </li>`;
}

/** With what the mail is filled in: a sample, an event of the stream, or what somebody writes. */
export function dataPart({ view, look, events }: PageFacts): Fragment {
  const locales = Object.keys(look.template?.compiled.variants ?? {});
  const recent = 'away' in events ? [] : events;
  const options: [string, string][] = [
    ['', 'The sample of the language'],
    ...locales.map((locale): [string, string] => [`sample:${locale}`, `The sample of ${locale}`]),
    ...(view.data.startsWith('edited:') ? [[view.data, 'What you have edited'] as [string, string]] : []),
    ...recent.map(({ seq, type, at }): [string, string] => [`event:${seq}`, `${type} #${seq}, ${when(at)}`]),
  ];
  // An event that was chosen a while ago is not among the newest any more.
  if (options.every(([value]) => value !== view.data)) {
    const found = view.data.startsWith('event:') && look.data.from.startsWith('the event ');
    options.push([view.data, found ? look.data.from : view.data]);
  }
  const json = JSON.stringify(look.data.sample, null, 2);
  return html`<section id="data" class="card" aria-labelledby="data-title">
    <h2 id="data-title">Data</h2>
    <label class="field wide"
      >Fill in with
      <select id="data-from" name="data" form="controls">
        ${options.map(
          ([value, words]) =>
            html`<option value="${value}" ${value === view.data ? html`selected` : ''}>${words}</option>`,
        )}
      </select></label
    >
    ${eventsNote(events, look.template?.events ?? [])}
    <label class="field wide"
      >As JSON, to be changed
      <textarea id="json" spellcheck="false" autocomplete="off" rows="${Math.min(13, json.split('\n').length + 1)}">
${json}</textarea>
    </label>
    <p id="json-problem" class="problem" role="status"></p>
    ${view.data === '' ? '' : html`<p class="fine"><a href="${hrefOf(view, { data: '' })}" data-swap>Back to the sample</a></p>`}
  </section>`;
}

function eventsNote(events: PageFacts['events'], types: readonly string[]): Fragment | string {
  if ('away' in events) return html`<p class="fine">No real events to choose: ${events.away}.</p>`;
  if (events.length > 0 || types.length === 0) return '';
  return html`<p class="fine">No event ${types.join(' or ')} came lately.</p>`;
}

function when(at: number): string {
  return new Date(at).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

/** A mail to the project's own addresses. */
export function seedsPart({ seeds, look, inbox }: PageFacts): Fragment {
  const why =
    seeds.length === 0
      ? 'rivulet.yaml names no addresses: add seeds: [you@example.com]'
      : look.mail === undefined
        ? 'there is no mail to send'
        : undefined;
  return html`<section id="seeds" class="card" aria-labelledby="seeds-title">
    <h2 id="seeds-title">Test mail</h2>
    <p class="fine">
      ${
        why === undefined
          ? html`Goes to ${seeds.length === 1 ? 'the address' : `the ${seeds.length} addresses`} of <code>seeds</code>,
              with [test] before its subject.`
          : html`Not possible: ${why}.`
      }
    </p>
    <button id="send" type="button" ${why === undefined ? '' : html`disabled`}>Send to seed list</button>
    <p id="sent" role="status" class="fine"></p>
    ${inbox === undefined ? '' : html`<p class="fine"><a href="${inbox}" target="_blank" rel="noopener">Open the inbox</a></p>`}
  </section>`;
}
