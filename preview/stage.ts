import { html } from 'hono/html';
import { mailboxOf } from '../events/address.ts';
import { hasDarkRules } from './color-scheme.ts';
import { direction } from '../templates/locales.ts';
import type { Look } from './look.ts';
import { headersOf, type HeaderSettings } from './mail-headers.ts';
import type { Fragment, PageFacts } from './page-facts.ts';
import type { SourceFile } from './source-files.ts';
import { versionsPanel } from './versions-panel.ts';
import { mailHref, type View } from './view.ts';

/** The side of the mail that is looked at. */
export function stagePart(facts: PageFacts): Fragment {
  return html`<section id="stage" class="stage" tabindex="-1" aria-label="The mail">${panel(facts)}</section>`;
}

function panel({ view, look, headers, sources, versions }: PageFacts): Fragment {
  switch (view.tab) {
    case 'html':
      return mailPanel(look, view, headers);
    case 'text':
      return textPanel(look);
    case 'source':
      return html`${sources.map((source) => sourcePanel(source, view.template))}`;
    case 'headers':
      return headersPanel(look, headers);
    case 'versions':
      return 'away' in versions
        ? html`<p class="panel note">Versions cannot be shown: ${versions.away}.</p>`
        : versionsPanel(versions, look, view);
    default:
      return view.tab satisfies never;
  }
}

const noMail = () =>
  html`<p class="panel note">There is no mail to show. What keeps it from being made stands above.</p>`;

/** Gmail shows no more of a mail than this, bytes. */
const gmailShows = 102 * 1024;

function mailPanel({ mail, template }: Look, view: View, settings: HeaderSettings): Fragment {
  if (!mail || !template) return noMail();
  const { from } = settings.sender(template);
  const bytes = Buffer.byteLength(mail.html);
  return html`<div class="client ${view.width}" data-scheme="${view.dark ? 'dark' : 'light'}">
      <div class="client-head" dir="${direction(mail.locale)}">
        <p class="subject">${mail.subject}</p>
        <p class="from"><bdi>${from}</bdi></p>
      </div>
      <iframe sandbox="" src="${mailHref(view, { stamp: template.version })}" title="The mail"></iframe>
    </div>
    <p class="facts">
      ${(bytes / 1024).toFixed(1)} KB of HTML${bytes > gmailShows ? '; Gmail shows the first 102 KB only' : ''}
      ${view.dark && !hasDarkRules(mail.html) ? html` · has no rules for dark mode` : ''}
    </p>`;
}

function textPanel({ mail, template, taken }: Look): Fragment {
  if (!mail || !template) return noMail();
  const derived = template.compiled.variants[taken]?.textIsDerived === true;
  return html`<pre class="panel text" dir="auto" tabindex="0">${mail.text}</pre>
    <p class="facts">
      ${derived ? 'Made from the HTML; a mail.txt beside the mail.mjml takes its place.' : 'Written by hand.'}
    </p>`;
}

/** What the template shares with others is folded, unless there is something to see in it. */
function sourcePanel({ file, lines }: SourceFile, template: string): Fragment {
  const open = file.startsWith(`${template}/`) || lines.some(({ found }) => found.length > 0);
  return html`<details class="panel source" id="source-${file}" ${open ? html`open` : ''}>
    <summary class="mono">${file}</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="${file}">
      <ol class="mono lines">
        ${lines.map(
          ({ text, found }) =>
            html`<li ${found.length > 0 ? html`class="marked"` : ''}>
              <span>${text}</span>${found.map((message) => html`<em>${message}</em>`)}
            </li>`,
        )}
      </ol>
    </div>
  </details>`;
}

function headersPanel({ mail, template }: Look, settings: HeaderSettings): Fragment {
  if (!mail || !template) return noMail();
  const rows = [
    ...headersOf(template, mail, settings),
    { name: 'Preheader', value: mail.preheader || '(none: mail programs show the first words of the mail)' },
    { name: 'Class', value: template.class },
    ...(template.topic === undefined ? [] : [{ name: 'Topic', value: template.topic }]),
  ];
  const { name, address } = mailboxOf(settings.sender(template).from);
  return html`<h2 class="over">In the list of a mail program</h2>
    <div class="panel listed" dir="${direction(mail.locale)}">
      <b><bdi>${name ?? address}</bdi></b>
      <p><span class="subject">${mail.subject}</span> <span class="preheader">${mail.preheader}</span></p>
    </div>
    <h2 class="over">What it leaves with</h2>
    <div class="panel scroll">
      <table class="headers">
        ${rows.map(
          ({ name, value }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td dir="auto">${value}</td>
            </tr>`,
        )}
      </table>
    </div>
    <p class="facts">
      ${
        template.class === 'marketing'
          ? 'The links of a real mail are signed and its reader’s own.'
          : 'A transactional mail has no unsubscribe headers.'
      }
    </p>`;
}
