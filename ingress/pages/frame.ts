import type { Context } from 'hono';
import { html, raw } from 'hono/html';

import { mailboxOf } from '../../events/address.ts';
import type { PageDependencies } from './dependencies.ts';
import type { Language } from './language.ts';
import { pageStyle, pageStyleHash } from './style.ts';

export type Fragment = ReturnType<typeof html>;

/** A page, or what is told to a mail program that asked for no page. */
export interface Answer {
  title: string;
  content: Fragment;
  status?: 200 | 403 | 404 | 410 | 413 | 429 | 503;
  headers?: Record<string, string>;
}

const policy = [
  "default-src 'none'",
  `style-src 'sha256-${pageStyleHash}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The same for every answer. Not `no-referrer`: browsers would send `Origin: null` with our own forms. The address of a
 * page is a key to it, so it is neither kept, nor indexed, nor told to another site.
 */
const headersOfAll = {
  'content-security-policy': policy,
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
  'cache-control': 'no-store',
};

// Both are ours. Everything else on a page goes through `html`, which escapes it.
const style = raw(`<style>${pageStyle}</style>`);
export const tick = html`<p class="mark" aria-hidden="true">
  <svg viewBox="0 0 24 24"><path d="m5 12.5 4.5 4.5L19 7.5" /></svg>
</p>`;

export async function answerPage(
  c: Context,
  deps: Pick<PageDependencies, 'sender'>,
  { code, words }: Language,
  { title, content, status = 200, headers = {} }: Answer,
): Promise<Response> {
  const sender = senderName(deps.sender);
  const page = await html`<!doctype html>
    <html lang="${code}" dir="${words.dir}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · ${sender}</title>
        <link rel="icon" href="data:," />
        ${style}
      </head>
      <body>
        <header>
          <p class="brand">
            <span aria-hidden="true">${Array.from(sender)[0]?.toUpperCase() ?? ''}</span
            ><span dir="auto">${sender}</span>
          </p>
        </header>
        <main>${content}</main>
      </body>
    </html>`;
  return c.html(page, status, { ...headersOfAll, ...headers });
}

/** For mail programs: nobody reads it, but whoever looks into a log should understand it. */
export function answerText(c: Context, { title, status = 200, headers = {} }: Omit<Answer, 'content'>): Response {
  return c.text(`${title}\n`, status, { ...headersOfAll, ...headers });
}

/** One card with a heading, a sentence, and what else there is. */
export function card(title: string, lead: string, rest: Fragment | '' = '', before: Fragment | '' = ''): Fragment {
  return html`<section class="card">
    ${before}
    <h1>${title}</h1>
    <p class="lead">${lead}</p>
    ${rest}
  </section>`;
}

/** The display name of a From header, or its domain; what is no address is a name already. */
export function senderName(sender: string): string {
  const { name, address } = mailboxOf(sender);
  return name ?? address.slice(address.lastIndexOf('@') + 1).trim();
}
