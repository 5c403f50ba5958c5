import { html } from 'hono/html';
import { addressOf } from './addresses.ts';
import { decodeHeaderText } from './encode-text.ts';
import type { MailSummary } from './mail.ts';
import { pageFrame } from './page-frame.ts';
import type { Fate } from './simulator.ts';

export interface InboxView {
  /** One page of mails, newest first. */
  mails: MailSummary[];
  search: string;
  /** How many the mailbox holds in all, whatever the search. */
  total: number;
  /** The address of the next page, when there is one. */
  olderHref: string | undefined;
}

export function inboxPage(view: InboxView) {
  const title = view.search === '' ? 'Inbox' : `Mails to “${view.search}”`;
  return pageFrame(
    view.total === 0 ? 'Inbox' : `${title} (${view.total})`,
    html`<div id="mails">
      ${view.total === 0 ? emptyInbox() : view.mails.length === 0 ? nothingFound(view) : list(view)}
    </div>`,
    view.search,
  );
}

function list({ mails, search, total, olderHref }: InboxView) {
  return html`<div class="heading">
      <h1>${search === '' ? 'All mail' : html`Mail to <q>${search}</q>`}</h1>
      <p>${total === 1 ? '1 mail kept' : `${total} mails kept`}, newest first</p>
      <form action="/clear" method="post"><button class="quiet" type="submit">Clear inbox</button></form>
    </div>
    <ol class="list">
      ${mails.map(row)}
    </ol>
    ${olderHref === undefined ? '' : html`<p class="older"><a class="button" href="${olderHref}">Older mails</a></p>`}`;
}

function row(mail: MailSummary) {
  const from = readableName(mail.from);
  return html`<li>
    <a class="mail" id="mail-${mail.id}" href="/mails/${mail.id}">
      <span class="avatar" aria-hidden="true" data-hue="${hueOf(mail.to[0] ?? '')}"
        >${initialOf(mail.to[0] ?? '')}</span
      >
      <span class="to">${recipients(mail)}</span>
      ${time(mail.acceptedAt)}
      <span class="subject">
        <b>${mail.subject === '' ? '(no subject)' : mail.subject}</b> <span class="preview">${mail.preview}</span>
      </span>
      <span class="foot"><span class="from">from ${from}</span>${fateBadges(mail)}${tagChips(mail.tags)}</span>
    </a>
  </li>`;
}

function emptyInbox() {
  return html`<section class="empty">
    <img src="/icon.svg" alt="" width="56" height="56" />
    <h1>No mail yet</h1>
    <p>
      Mails sent through this SES stand-in land here; none of them leaves this machine. Publish an event to get one:
    </p>
    <pre><code>npx --no rivulet publish user.signed_up --user u_1 --email ada@example.com</code></pre>
    <p class="hint">This page updates by itself.</p>
  </section>`;
}

function nothingFound({ search, total }: InboxView) {
  return html`<section class="empty">
    <h1>No mail to <q>${search}</q></h1>
    <p>${total === 1 ? 'The one mail here is' : `All ${total} mails here are`} to somebody else.</p>
    <p><a class="button" href="/">Show all mail</a></p>
  </section>`;
}

const recipients = ({ to, cc, bcc }: MailSummary) => [...to, ...cc, ...bcc].map(decodeHeaderText).join(', ');

/** The display name when there is one, else the address. */
function readableName(text: string): string {
  const name = text.slice(0, text.lastIndexOf('<')).trim();
  return text.includes('<') && name !== '' ? decodeHeaderText(name.replace(/^"(.*)"$/, '$1')) : addressOf(text);
}

const initialOf = (text: string) => (/[\p{L}\p{N}]/u.exec(readableName(text))?.[0] ?? '@').toUpperCase();

/** One of eight colours, always the same for an address. */
function hueOf(text: string): number {
  let hash = 0;
  for (const char of addressOf(text).toLowerCase()) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return hash % 8;
}

const FATE_WORDS: Record<Fate, string> = {
  delivered: 'Delivered',
  bounced: 'Bounced',
  complained: 'Complaint',
  suppressed: 'Suppressed',
  'on-account-suppression-list': 'On suppression list',
};

/** Only what went wrong is worth a badge. */
export function fateBadges({ fates }: MailSummary) {
  const bad = new Set(Object.values(fates).filter((fate) => fate !== 'delivered'));
  return [...bad].map((fate) => html`<span class="badge">${FATE_WORDS[fate]}</span>`);
}

export function tagChips(tags: Record<string, string>) {
  return Object.entries(tags).map(([name, value]) => html`<span class="chip"><span>${name}</span> ${value}</span>`);
}

function time(ms: number) {
  const today = new Date().toDateString() === new Date(ms).toDateString();
  return today ? stamp(ms, clock(ms)) : dateAndTime(ms);
}

export const dateAndTime = (ms: number) => stamp(ms, `${new Date(ms).toLocaleDateString('sv-SE')} ${clock(ms)}`);

const clock = (ms: number) => new Date(ms).toLocaleTimeString('en-GB');

function stamp(ms: number, words: string) {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}" title="${iso}">${words}</time>`;
}
