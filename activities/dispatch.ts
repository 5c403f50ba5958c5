import { randomUUID } from 'node:crypto';

import type { Contact } from '../events/person.ts';
import type { Event } from '../events/index.ts';
import { afterFailure } from './after-failure.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { MailerError } from './failures.ts';
import type { Mail } from './mailers/mailer.ts';
import { renderFor } from './render-email.ts';
import type { Send, SendResult, WayIsFree } from './send.ts';
import { overtaken } from './settle.ts';
import { linksFor, unsubscribeHeaders } from './unsubscribe-headers.ts';

/** The mail as this person gets it. Throws where the data does not fill the template. */
export function compose(
  deps: ActivityDependencies,
  { template, tag }: Send,
  contact: Contact & { email: string },
  event: Event,
): Mail {
  const { from } = deps.settings;
  const links = linksFor(deps.links, template, event, tag);
  const { html, text, subject } = renderFor(template, contact, event.payload, links);
  const headers = unsubscribeHeaders(template, links.unsubscribe, deps.settings);
  return { from, to: contact.email, subject, html, text, headers, tag };
}

/** A mail that this attempt may hand to the provider. */
export interface Claim {
  id: string;
  /** Throws when another attempt has overtaken this one. */
  stillMine: () => Promise<void>;
}

/** Claims the mail by `take`, under a new id, and from the moment before it. What is not a claim is given back. */
export async function claimBy<Taken extends { kind: string }>(
  deps: ActivityDependencies,
  send: Send,
  take: (id: string) => Promise<Taken>,
): Promise<Claim | Exclude<Taken, { kind: 'claimed' }>> {
  const [id, fresh] = [randomUUID(), freshness()];
  const taken = await take(id);
  if (taken.kind !== 'claimed') return taken as Exclude<Taken, { kind: 'claimed' }>;
  return { id, stillMine: () => renewWhileStale(deps, send, id, fresh) };
}

/** Hands the mail over, and brings what the provider answers to the ledger. */
export async function dispatch(
  deps: ActivityDependencies,
  send: Send,
  mail: Mail,
  { claim, way }: { claim: Claim; way: WayIsFree },
): Promise<SendResult> {
  try {
    return await accepted(deps, send, way, await deps.mailer.send(mail, claim.stillMine));
  } catch (error) {
    if (!(error instanceof MailerError)) throw error;
    const { failure, message } = error;
    deps.log.warn({ message_key: send.key, failure: failure.kind, detail: message }, 'send failed');
    if (failure.kind === 'accepted_id_unknown') return accepted(deps, send, way, '');
    throw await afterFailure(deps, send, claim.id, { failure, message });
  }
}

/**
 * A process that stood still between its claim and the call may have been given up meanwhile, and the mail sent by another:
 * a claim older than a second is renewed, as often as that takes longer than a second itself. From there on the request's
 * own time-out runs, which is shorter than the time after which anybody else would send.
 */
async function renewWhileStale(
  deps: ActivityDependencies,
  send: Send,
  claim: string,
  stale: () => boolean,
): Promise<void> {
  while (stale()) {
    const again = freshness();
    if (!(await deps.memory.sends.renew(send.tag, claim))) throw overtaken();
    stale = again;
  }
}

/** Says whether a second has passed, by the clock that stands still when the machine sleeps or by the one that jumps. */
function freshness(): () => boolean {
  const [ticks, time] = [performance.now(), Date.now()];
  return () => performance.now() - ticks > 1_000 || Math.abs(Date.now() - time) > 1_000;
}

async function accepted(deps: ActivityDependencies, send: Send, way: WayIsFree, id: string): Promise<SendResult> {
  try {
    if ((await deps.memory.sends.accept(send.tag, id)) === 'again') {
      deps.metrics.duplicates.inc();
      deps.log.error({ message_key: send.key, message_id: id }, 'the provider has taken this mail twice');
    }
  } catch (error) {
    // Temporal records the result that is returned here, and the event feed brings it to the ledger.
    deps.log.warn({ message_key: send.key, err: error }, 'accepted, but the ledger could not be told');
  }
  return ended(deps, send, {
    outcome: 'sent',
    ...(id && { message_id: id }),
    version: send.template.version,
    ...(way.possibleDuplicate && { possible_duplicate: true }),
  });
}

/** Every end of a send is counted and logged, by its key alone. */
export function ended(deps: ActivityDependencies, send: Send, result: SendResult): SendResult {
  deps.metrics.sends.inc({ template: send.template.name, outcome: result.outcome });
  deps.log.info({ message_key: send.key, ...result }, 'send ended');
  return result;
}
