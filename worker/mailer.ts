import { setTimeout as sleep } from 'node:timers/promises';

import type { Mailer } from '../activities/mailers/mailer.ts';
import { createSesMailer } from '../activities/mailers/ses.ts';
import { createSmtpMailer } from '../activities/mailers/smtp.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { StartError } from '../runtime/stop-signal.ts';
import type { Account } from '../store/account.ts';

/** The mailer that the configuration names. `concurrency`: sends under way at once. */
export function createMailer(
  { provider }: Config,
  { SMTP_URL: url }: Environment,
  account: Pick<Account, 'readingTurn'>,
  concurrency: number,
): Mailer {
  const shared = { requestTimeoutMs: provider.request_timeout, concurrency, readingTurn: () => readingTurn(account) };
  switch (provider.type) {
    case 'ses':
      return createSesMailer({ ...shared, configurationSet: provider.configuration_set });
    case 'smtp':
      if (!url)
        throw new StartError('provider.type is smtp: set SMTP_URL, such as smtp://user:password@mail.example.com:587');
      return createSmtpMailer({ ...shared, url });
    default:
      return provider.type satisfies never;
  }
}

/** One reading call a second for the whole account, over all workers. */
async function readingTurn(account: Pick<Account, 'readingTurn'>): Promise<void> {
  for (let wait = await account.readingTurn(); wait > 0; wait = await account.readingTurn()) await sleep(wait);
}
