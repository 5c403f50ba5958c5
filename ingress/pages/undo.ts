import { say } from './effects.ts';
import { card } from './frame.ts';
import { grantsAreLimited, undoSource as source } from './grant-limits.ts';
import { gets, momentAfter, type Person } from './person.ts';
import { centre, everyNameOf, wordingOf } from './preferences.ts';
import { everyTopic } from '../../store/consents.ts';
import { button, notNow, preferencesLink, show, type Visit } from './visit.ts';

/** `GET` of an undo link: a reload, or a machine. It asks. */
export function askToUndo(visit: Visit): Promise<Response> {
  if (isOver(visit)) return tooLate(visit);
  const { undo } = visit.language.words;
  const again = button(`../preferences/${visit.deps.tokens.sign(visit.claims)}`, undo.button);
  return show(visit, 'undo', 'shown', { title: undo.title, content: card(undo.title, '', again) });
}

/** Takes one change back, unless it was half an hour ago. What somebody has said about a topic since then stays. */
export async function undo(visit: Visit): Promise<Response> {
  const { deps, claims, language, person, now } = visit;
  const { user, topics = [], revoke = [], since = 0 } = claims;
  if (isOver(visit)) return tooLate(visit);
  if (!person) return show(visit, 'undo', 'away', notNow(visit));
  const open = (topic: string) => !saidSince(person, topic, since);
  const [again, away] = [topics.filter(open), revoke.filter(open)];
  const gotBefore = everyNameOf(visit, person).filter((topic) => gets(deps, person, topic));
  const after = [...gotBefore.filter((topic) => !away.includes(topic)), ...again];
  const page = { page: 'undo' as const, status: language.words.undo.done };

  if (!person.known) return centre(visit, person, topics, { ...page, result: 'nobody' });
  if (again.length + away.length === 0) return centre(visit, person, after, { ...page, result: 'nothing_new' });

  const at = momentAfter(now(), person, [...again, ...away]);
  const about = { source, locale: language.locale };
  const wording = wordingOf(visit, again, language.words.undo.button);
  const agreed = { ...about, basis: 'consent' as const, wording };
  const took =
    away.length === 0 || (await say(deps, { user, state: 'revoked', consent: { ...about, topics: away }, at }));
  if (!took) return show(visit, 'undo', 'away', notNow(visit));
  if (again.length > 0) {
    const limited = await grantsAreLimited(visit, user, source);
    if (limited) return show(visit, 'undo', limited.result, limited.answer);
    if (!(await say(deps, { user, state: 'granted', consent: { ...agreed, topics: again }, at })))
      return show(visit, 'undo', 'away', notNow(visit));
  }
  return centre(visit, person, after, { ...page, result: 'done' });
}

function saidSince({ records }: Person, topic: string, since: number): boolean {
  return [records[topic], records[everyTopic]].some((record) => record !== undefined && record.captured_at > since);
}

function isOver({ claims: { until = 0 }, now }: Visit): boolean {
  return now() > until;
}

function tooLate(visit: Visit): Promise<Response> {
  const { expiredTitle: title, expired } = visit.language.words.undo;
  return show(visit, 'undo', 'expired', { title, content: card(title, expired, preferencesLink(visit)), status: 410 });
}
