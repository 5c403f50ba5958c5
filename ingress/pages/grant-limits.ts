import type { ConsentRecord } from '../../store/consents.ts';
import type { PageResult } from './dependencies.ts';
import { type Answer, card } from './frame.ts';
import { notNow, type Visit } from './visit.ts';

/** Where consent comes from that is changed by the link of an email, as the consent log has it. */
export const preferenceSource = 'preference centre';
export const undoSource = 'undo';

const minuteMs = 60_000;
const changesAnHour = 10;

/**
 * A link may be in other hands than its owner's: it grants once a minute, and after ten changes within an hour not at all. What it
 * takes away has no limit. An undo gives back what somebody has just had, so it waits for no minute. Undefined: it may grant now.
 */
export async function grantsAreLimited(
  visit: Visit,
  user: string,
  by: typeof preferenceSource | typeof undoSource,
): Promise<{ result: PageResult; answer: Answer } | undefined> {
  const { deps, language, now } = visit;
  let log: readonly ConsentRecord[];
  try {
    log = await deps.store.consents.history(user);
  } catch (error) {
    deps.log.warn({ user_id: user, err: error }, 'a page could not look up how often somebody has changed their mind');
    return { result: 'away', answer: notNow(visit) };
  }
  const byLinks = log.filter(({ source }) => source === preferenceSource || source === undoSource);
  const since = (ms: number) => byLinks.filter(({ received_at }) => received_at > now() - ms);
  const justGranted =
    by === preferenceSource && since(minuteMs).some(({ state, source }) => state === 'granted' && source === by);
  // One change of several topics has as many records, with one time.
  const changes = new Set(since(60 * minuteMs).map(({ state, captured_at }) => `${state}/${captured_at}`));
  if (!justGranted && changes.size < changesAnHour) return undefined;
  const { title, minute, hour } = language.words.tooManyChanges;
  const headers = { 'retry-after': justGranted ? '60' : '3600' };
  const content = card(title, justGranted ? minute : hour);
  return { result: 'limited', answer: { title, content, status: 429, headers } };
}
