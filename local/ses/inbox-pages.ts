import { Hono } from 'hono';
import { MAIL_BODY_POLICY } from './guards.ts';
import { inboxPage } from './inbox-page.ts';
import { INBOX_SCRIPT } from './inbox-script.ts';
import { INBOX_STYLE } from './inbox-style.ts';
import type { LiveUpdates } from './live-updates.ts';
import { mailMissingPage, mailPage, VIEWS } from './mail-page.ts';
import type { Mailbox } from './mailbox.ts';
import { ICON } from './page-frame.ts';

const PAGE_SIZE = 50;

/** The pages for people. Everything works by links and forms; the script only keeps the list fresh. */
export function inboxPages(mailbox: Mailbox, live: LiveUpdates): Hono {
  const app = new Hono();
  app.get('/', (c) => {
    const search = (c.req.query('to') ?? '').slice(0, 320);
    const before = c.req.query('before');
    // One more than is shown tells whether there is a next page.
    const found = mailbox.list({ to: search }, { limit: PAGE_SIZE + 1, before });
    const mails = found.slice(0, PAGE_SIZE);
    const last = mails.at(-1);
    const older = new URLSearchParams({ ...(search === '' ? {} : { to: search }), before: last?.id ?? '' });
    const olderHref = found.length > PAGE_SIZE ? `/?${older.toString()}` : undefined;
    return c.html(inboxPage({ mails, search, total: mailbox.size, olderHref }));
  });
  app.get('/mails/:id', (c) => {
    const id = c.req.param('id');
    const summary = mailbox.summaryOf(id);
    if (!summary) return c.html(mailMissingPage(), 404);
    const view = VIEWS.find((name) => name === c.req.query('view'));
    return c.html(mailPage(summary, mailbox.find(id), view));
  });
  app.get('/mails/:id/body', (c) => {
    const body = mailbox.find(c.req.param('id'))?.html;
    if (body === undefined) return c.html(mailMissingPage(), 404);
    c.header('content-security-policy', MAIL_BODY_POLICY);
    return c.html(body);
  });
  app.post('/clear', (c) => {
    mailbox.clear();
    return c.redirect('/', 303);
  });
  app.get('/events', (c) => live.serve(c));
  app.get('/inbox.js', (c) => c.body(INBOX_SCRIPT, 200, { 'content-type': 'text/javascript; charset=utf-8' }));
  app.get('/inbox.css', (c) => c.body(INBOX_STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/icon.svg', (c) => c.body(ICON, 200, { 'content-type': 'image/svg+xml' }));
  for (const path of ['/healthz', '/readyz']) app.get(path, (c) => c.json({ ok: true }));
  return app;
}
