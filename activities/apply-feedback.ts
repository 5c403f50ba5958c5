import { type AddressEvent, factAbout } from '../store/facts.ts';
import type { RecipientState } from '../store/recipients.ts';
import type { SuppressionCause, SuppressionReason } from '../store/suppressions.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type StopOrder, stopJourneys } from './stop-journeys.ts';

/** Something that the people who run this must look at; it says nothing about the recipient. */
export type Alert =
  | 'policy_block'
  | 'content_refused'
  | 'authentication_failure'
  | 'message_rejected'
  | 'message_not_rendered';

/** What follows from feedback about one address. Every part of it may be done twice. */
export interface Judgement {
  /** What is known from now on. */
  state: RecipientState;
  /** Without `until`: for good. */
  suppress: { reason: SuppressionReason; since: number; until?: number }[];
  lift: SuppressionReason[];
  /** Opt-outs that came by way of the provider, for everybody who has this address. */
  optOut: { id: string; at: number; topics: string[]; source: string }[];
  stop: StopOrder[];
  alerts: Alert[];
  facts: AddressEvent[];
}

/** Does what follows from feedback about an address: first what keeps mail from leaving, last what is only told. */
export async function applyFeedback(deps: ActivityDependencies, address: string, judgement: Judgement): Promise<void> {
  const { store, settings, log, metrics } = deps;
  for (const { reason, since, until } of judgement.suppress) {
    const scope = scopeOf(reason, settings.complaintsStop);
    const suppression = { reason, scope, since, source: 'feedback', ...(until !== undefined && { until }) };
    if (await store.suppressions.add(address, suppression, causeOf(reason, judgement.facts)))
      metrics.suppressions.inc({ reason });
  }
  for (const reason of judgement.lift) await store.suppressions.lift(address, reason);

  const people = await store.contacts.peopleAt(address);
  for (const { id, at, topics, source } of judgement.optOut) {
    for (const person of people) {
      await store.consents.record(person, { id, state: 'revoked', consent: { topics, source }, at });
    }
  }
  const stopped = await stopJourneys(deps, people, judgement.stop);

  const others = judgement.facts.filter(({ what }) => what !== 'suppressed' && what !== 'suppression_lifted');
  await store.facts.record([...others, ...stopped].map((happened) => factAbout(address, happened)));
  await store.recipients.remember(address, judgement.state);

  for (const fact of [...judgement.facts, ...stopped]) {
    metrics.recipientFacts.inc({ what: fact.what });
    log.info({ user_ids: people, address_hash: address, ...fact }, 'about a recipient');
  }
  for (const alert of judgement.alerts) log.error({ alert, user_ids: people }, 'feedback that somebody must look at');
}

/** What the fact about a suppression says beside it: the store writes that one with the suppression. */
function causeOf(reason: SuppressionReason, facts: readonly AddressEvent[]): SuppressionCause {
  const { user, template, journey } =
    facts.find((fact) => fact.what === 'suppressed' && fact['reason'] === reason) ?? {};
  return {
    ...(user !== undefined && { user_id: user }),
    ...(template !== undefined && { template }),
    ...(journey !== undefined && { journey }),
  };
}

/** A receipt to somebody whom the provider's validation doubts may still be right; all else is no use, or not wanted. */
function scopeOf(reason: SuppressionReason, complaintsStop: 'all' | 'marketing'): 'all' | 'marketing' {
  if (reason === 'invalid_address') return 'marketing';
  return reason === 'complaint' ? complaintsStop : 'all';
}
