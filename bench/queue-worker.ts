import { fileURLToPath } from 'node:url';

import { Worker } from 'bullmq';

import { renderEmail } from '../activities/render-email.ts';
import { createSesMailer } from '../activities/mailers/ses.ts';
import { messageKey, messageTag } from '../store/message-key.ts';
import { compileTemplate } from '../templates/compile/compile.ts';
import { prepare } from '../templates/catalogue.ts';
import type { Order } from './orders.ts';

// The same mail as the product's receipt, rendered and sent by the same code, and nothing else: no ledger, no limit, no
// consent, and a job that is tried again sends again. What the product takes beyond this is the price of its promises.
const concurrency = 100;
const templates = fileURLToPath(new URL('../templates', import.meta.url));
const receipt = prepare((await compileTemplate(templates, 'receipt', { topics: ['onboarding', 'offers'] })).template);
const mailer = createSesMailer({
  configurationSet: 'rivulet',
  requestTimeoutMs: 10_000,
  concurrency,
  readingTurn: async () => {},
});

const worker = new Worker<{ event: Order }>(
  'mails',
  async ({ data: { event } }) => {
    const { contact, ...payload } = event.payload;
    const { subject, html, text } = renderEmail(receipt, contact, payload, {});
    const tag = messageTag(messageKey(event.event_id, receipt.name));
    const mail = { from: 'Rivulet <hello@example.com>', to: contact.email, subject, html, text, headers: [], tag };
    return mailer.send(mail, async () => {});
  },
  { connection: { url: process.env['REDIS_URL']! }, concurrency },
);
worker.on('error', (error) => console.error(error));

process.once('SIGTERM', () => {
  void worker.close().then(() => mailer.close());
});
