import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutAddresses } from '../config/scrub.ts';
import type { Template } from '../templates/catalogue.ts';
import type { RenderedEmail } from '../templates/render.ts';
import { type HeaderSettings, listHeaders } from './mail-headers.ts';
import { type Mailer, ProviderError } from './product.ts';

export interface SeedSettings extends HeaderSettings {
  seeds: readonly string[];
  /** Mails per second: a test is no reason to be faster than the worker. */
  ratePerSecond: number;
}

/** How a test went for one address of the seed list. */
export interface TestOutcome {
  to: string;
  /** The provider's id. */
  messageId?: string;
  /** Why it did not leave; without addresses. */
  failure?: string;
}

/** Sends the mail to every seed, one after another. What fails for one address is told and keeps no other from its mail. */
export async function sendTest(
  mailer: Pick<Mailer, 'send'>,
  template: Template,
  mail: RenderedEmail,
  settings: SeedSettings,
): Promise<TestOutcome[]> {
  const outcomes: TestOutcome[] = [];
  for (const [index, to] of settings.seeds.entries()) {
    if (index > 0) await sleep(1_000 / settings.ratePerSecond);
    try {
      const messageId = await mailer.send(
        {
          ...settings.sender(template),
          to,
          subject: `[test] ${mail.subject}`,
          html: mail.html,
          text: mail.text,
          headers: listHeaders(template, settings),
          // No mail of the ledger has such a tag, so that what becomes of this one is nobody's news.
          tag: `test-${randomBytes(16).toString('hex')}`,
        },
        async () => undefined,
      );
      outcomes.push({ to, messageId });
    } catch (error) {
      outcomes.push({ to, failure: failureOf(error) });
    }
  }
  return outcomes;
}

/** Whoever writes an email sees what the provider says of it: the address is one of their own. */
function failureOf(error: unknown): string {
  const { message } = error as Error;
  const said = error instanceof ProviderError ? ` ("${error.providerText}")` : '';
  return withoutAddresses(`${message}${said}`);
}
