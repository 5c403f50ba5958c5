import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { z } from 'zod';
import { composeMime, outgoingHeaders } from './compose-mime.ts';
import type { EventFeed } from './event-feed.ts';
import { faultPlan } from './faults.ts';
import { readBody } from './read-body.ts';
import type { Account } from './send-email.ts';

const MAX_PAGE = 1000;
const MAX_PLAN_BYTES = 1024 * 1024;

const mailQuery = z.object({
  to: z.string().optional(),
  subject: z.string().optional(),
  /** Unix ms or ISO 8601. */
  since: z.string().transform(instant).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  /** The id of the last mail of the page before. */
  before: z.string().optional(),
});

/** The stand-in's own API, which SES does not have: what was accepted, how often, and what shall go wrong. */
export function inboxApi({ mailbox, record, faults }: Account, feed: EventFeed): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/mails', (c) => {
    const query = mailQuery.safeParse(c.req.query());
    if (!query.success) return c.json({ message: z.prettifyError(query.error) }, 400);
    const { limit, before, ...filter } = query.data;
    return c.json(mailbox.list(filter, { limit, before }));
  });
  app.delete('/mails', (c) => {
    mailbox.clear();
    return c.body(null, 204);
  });
  app.get('/mails/:id', (c) => {
    const mail = mailbox.find(c.req.param('id'));
    return mail ? c.json({ ...mail, outgoingHeaders: outgoingHeaders(mail) }) : missing(c);
  });
  app.get('/mails/:id/raw', (c) => {
    const mail = mailbox.find(c.req.param('id'));
    if (!mail) return missing(c);
    return c.body(new Uint8Array(composeMime(mail)), 200, {
      'content-type': 'message/rfc822',
      'content-disposition': `attachment; filename="${mail.id}.eml"`,
    });
  });

  app.get('/stats', (c) =>
    c.json({
      ...record.stats(),
      mailbox: { mails: mailbox.size, bytes: mailbox.bytes },
      events: feed.counts,
    }),
  );
  app.delete('/stats', (c) => {
    record.reset();
    return c.body(null, 204);
  });

  app.get('/faults', (c) => c.json(faults.describe()));
  app.put('/faults', async (c) => {
    const plan = faultPlan.safeParse(await readJson(c.env.incoming));
    if (!plan.success) return c.json({ message: z.prettifyError(plan.error) }, 400);
    faults.update(plan.data);
    return c.json(faults.describe());
  });
  app.delete('/faults', (c) => {
    faults.clear();
    return c.json(faults.describe());
  });
  return app;
}

/** Undefined for what is not JSON, or too much of it. */
async function readJson(incoming: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse(await readBody(incoming, MAX_PLAN_BYTES));
  } catch {
    return undefined;
  }
}

const missing = (c: Context) => c.json({ message: 'No such mail, or its body was dropped to save memory.' }, 404);

function instant(value: string, context: z.core.$RefinementCtx<string>): number {
  const time = /^\d+$/.test(value) ? Number(value) : Date.parse(value);
  if (Number.isNaN(time)) context.addIssue('must be Unix ms or an ISO 8601 time');
  return time;
}
