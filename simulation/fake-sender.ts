import { MailerError, type SendFailure } from '../activities/failures.ts';
import type { Mail, Mailer } from '../activities/mailers/mailer.ts';

/** What the provider does to every email for a time. */
export type Fault = 'throttled' | 'unavailable';

/** As activities/mailers/ses-errors.ts classifies them; a throttle that is not about the rate alone asks for half a minute. */
const failures = {
  throttled: { kind: 'throttled', retryAfterMs: 30_000 },
  unavailable: { kind: 'unavailable' },
} as const satisfies Record<Fault, SendFailure>;

const messages = {
  throttled: 'the provider throttles',
  unavailable: 'the provider is away',
} as const satisfies Record<Fault, string>;

/** A provider that accepts every email, except while `fault` says otherwise. `accepted` gets each email that it accepts. */
export function createFakeSender(fault: () => Fault | undefined, accepted: (email: Mail) => void): Mailer {
  let count = 0;
  return {
    async send(email, lastCheck) {
      await lastCheck();
      const kind = fault();
      if (kind) throw new MailerError(failures[kind], messages[kind]);
      accepted(email);
      count += 1;
      return `simulated-${count}`;
    },
    readAccount: async () => undefined,
    isOver: async () => true,
    close() {},
  };
}
