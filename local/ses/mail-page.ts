import { html } from 'hono/html';
import { composeMime, outgoingHeaders } from './compose-mime.ts';
import { decodeHeaderText } from './encode-text.ts';
import { dateAndTime, fateBadges, tagChips } from './inbox-page.ts';
import { findLinks } from './find-links.ts';
import type { Mail, MailSummary } from './mail.ts';
import { pageFrame } from './page-frame.ts';

export const VIEWS = ['html', 'text', 'links', 'headers', 'raw'] as const;
export type View = (typeof VIEWS)[number];

const LABELS: Record<View, string> = { html: 'HTML', text: 'Text', links: 'Links', headers: 'Headers', raw: 'Raw' };
/** A browser takes seconds over more; the whole is in the download. */
const MAX_RAW_SHOWN = 512 * 1024;

export function mailPage(summary: MailSummary, mail: Mail | undefined, asked: View | undefined) {
  const view = asked ?? (mail?.html === undefined ? 'text' : 'html');
  return pageFrame(
    summary.subject || '(no subject)',
    html`<article class="open">
      <p class="back">
        <a href="/">All mail</a>
        ${mail ? html`<a class="download" href="/api/mails/${mail.id}/raw" download>Download .eml</a>` : ''}
      </p>
      <h1>${summary.subject || '(no subject)'}</h1>
      ${about(summary, mail)} ${mail ? [tabs(mail, view), panel(mail, view)] : dropped()}
    </article>`,
  );
}

export function mailMissingPage() {
  return pageFrame(
    'No such mail',
    html`<section class="empty">
      <h1>No such mail</h1>
      <p>It was cleared, or dropped because newer mails needed the room.</p>
      <p><a class="button" href="/">Show all mail</a></p>
    </section>`,
  );
}

function about(summary: MailSummary, mail: Mail | undefined) {
  const people: [string, string[]][] = [
    ['From', [summary.from]],
    ['To', summary.to],
    ['Cc', summary.cc],
    ['Bcc', summary.bcc],
    ['Reply to', mail?.replyTo ?? []],
  ];
  return html`<dl class="about">
    ${people
      .filter(([, list]) => list.length > 0)
      .map(
        ([name, list]) =>
          html`<dt>${name}</dt>
            <dd>${list.map(decodeHeaderText).join(', ')}</dd>`,
      )}
    <dt>Accepted</dt>
    <dd>${dateAndTime(summary.acceptedAt)} ${fateBadges(summary)}</dd>
    ${
      Object.keys(summary.tags).length === 0
        ? ''
        : html`<dt>Tags</dt>
            <dd>${tagChips(summary.tags)}</dd>`
    }
    <dt>Set</dt>
    <dd>${summary.configurationSet ?? html`<em>none, so SES publishes no events</em>`}</dd>
    <dt>Message id</dt>
    <dd><code>${summary.id}</code></dd>
  </dl>`;
}

function tabs(mail: Mail, current: View) {
  return html`<nav class="tabs" aria-label="Views of this mail">
    ${VIEWS.map(
      (view) =>
        html`<a href="/mails/${mail.id}?view=${view}" ${view === current ? html`aria-current="page"` : ''}
          >${LABELS[view]}</a
        >`,
    )}
  </nav>`;
}

function panel(mail: Mail, view: View) {
  switch (view) {
    case 'html':
      // sandbox="" forbids scripts, forms, pop-ups and leaving the frame; the body's own policy says it again.
      return mail.html === undefined
        ? html`<p class="panel note">This mail has no HTML part.</p>`
        : html`<iframe class="panel" sandbox="" src="/mails/${mail.id}/body" title="HTML of the mail"></iframe>`;
    case 'text':
      return mail.text === undefined
        ? html`<p class="panel note">This mail has no text part.</p>`
        : html`<pre class="panel">${mail.text}</pre>`;
    case 'links':
      return linkList(mail);
    case 'headers':
      return html`<div class="panel scroll">
        <table class="headers">
          ${outgoingHeaders(mail).map(
            ({ name, value }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${decodeHeaderText(value)}</td>
              </tr>`,
          )}
        </table>
      </div>`;
    case 'raw':
      return rawSource(mail);
    default:
      return view satisfies never;
  }
}

/** The frame cannot follow links, so they stand here: to try an unsubscribe link is what many open an inbox for. */
function linkList(mail: Mail) {
  const links = findLinks(mail);
  if (links.length === 0) return html`<p class="panel note">This mail has no links.</p>`;
  return html`<ul class="panel links">
    ${links.map(
      ({ href, label }) =>
        html`<li><span>${label}</span> <a href="${href}" target="_blank" rel="noopener noreferrer">${href}</a></li>`,
    )}
  </ul>`;
}

function rawSource(mail: Mail) {
  const source = composeMime(mail);
  const more = source.length > MAX_RAW_SHOWN;
  return html`<pre class="panel">${source.subarray(0, MAX_RAW_SHOWN).toString('utf8')}</pre>
    ${more ? html`<p class="hint">Only the first ${MAX_RAW_SHOWN / 1024} KiB; the download has all of it.</p>` : ''}`;
}

function dropped() {
  return html`<p class="panel note">The body of this mail was dropped because newer mails needed the memory.</p>`;
}
