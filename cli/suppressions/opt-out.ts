import { everyTopic } from '../../store/consents.ts';
import type { Store } from '../../store/store.ts';
import type { Suppression } from '../../store/suppressions.ts';
import type { Forecast } from '../imports/forecast.ts';
import { statementId } from '../imports/statement-id.ts';

/** An unsubscribe of an export. `isDated`: its `since` is from the file. */
interface Unsubscribe {
  hash: string;
  suppression: Suppression;
  isDated: boolean;
}

interface OptOutSettings {
  forecast: Forecast;
  dryRun: boolean;
  /** Empty: every topic. */
  topics: readonly string[];
  /** Suppresses the address, or says whether that would change anything. */
  suppress: (hash: string, suppression: Suppression) => Promise<boolean>;
}

/**
 * Records an unsubscribe: an opt-out of every person with this address. An address that no one has yet is suppressed for marketing, as
 * `unsubscribed`, until a later consent. Returns whether anything changed.
 */
export async function optOut(
  { contacts, consents, suppressions }: Store,
  { hash, suppression, isDated }: Unsubscribe,
  { forecast, dryRun, topics: given, suppress }: OptOutSettings,
): Promise<{ changed: boolean; became: string }> {
  const { reason, source } = suppression;
  const people = await contacts.peopleAt(hash);
  if (people.length === 0) {
    const known = isDated ? undefined : (await suppressions.of(hash)).find((each) => each.reason === reason);
    const since = known?.since ?? suppression.since;
    const changed = await suppress(hash, { reason, scope: 'marketing', since, source });
    return { changed, became: 'unsubscribed addresses' };
  }
  const topics = given.length === 0 ? [everyTopic] : [...given];
  const at = suppression.since;
  const id = statementId(['unsubscribed', hash, isDated ? at : null, topics.toSorted()]);
  const statement = { id, state: 'revoked' as const, consent: { topics, source }, at };
  let changed = false;
  for (const person of people) {
    if (await forecast.changes(person, { contact: {}, at, statement })) changed = true;
    if (!dryRun) await consents.record(person, statement);
  }
  return { changed, became: 'opt-outs' };
}
