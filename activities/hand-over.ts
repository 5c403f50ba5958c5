import { afterFailure } from './after-failure.ts';
import type { Claim } from './claim-email.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { ended } from './ended.ts';
import { MailerError } from './failures.ts';
import type { Mail } from './mailers/mailer.ts';
import { ProviderError } from './mailers/provider-error.ts';
import type { Send, SendResult } from './send.ts';

/** Hands the email to the provider, once, and records what it answers. */
export async function handOver(deps: ActivityDependencies, send: Send, email: Mail, claim: Claim): Promise<SendResult> {
  try {
    return await accepted(deps, send, claim, await deps.mailer.send(email, claim.lastCheck));
  } catch (error) {
    if (!(error instanceof MailerError)) throw error;
    const { failure, message } = error;
    const text = error instanceof ProviderError ? { providerText: error.providerText } : {};
    if (failure.kind === 'accepted_id_unknown') return accepted(deps, send, claim, '');
    deps.log.warn({ message_key: send.messageKey, failure: failure.kind, detail: message }, 'email.send_failed');
    throw await afterFailure(deps, send, claim.id, { failure, message, ...text });
  }
}

async function accepted(deps: ActivityDependencies, send: Send, claim: Claim, id: string): Promise<SendResult> {
  deps.health.accepted();
  try {
    if ((await deps.store.sends.accept(send.tag, id)).kind === 'again') {
      deps.metrics.duplicates.inc();
      deps.log.error({ message_key: send.messageKey, message_id: id }, 'email.sent_twice');
    }
  } catch (error) {
    // Temporal records the result that is returned here, and the feed brings it to the ledger.
    deps.log.warn({ message_key: send.messageKey, err: error }, 'email.not_recorded');
  }
  return ended(deps, send, {
    outcome: 'sent',
    ...(id && { message_id: id }),
    version: send.templateVersion,
    ...(claim.possibleDuplicate && { possible_duplicate: true }),
  });
}
