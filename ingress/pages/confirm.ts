import { html } from 'hono/html';

import { say } from './effects.ts';
import { card, tick } from './frame.ts';
import { topicWords } from './language.ts';
import { momentAfter, type Person, stateOf } from './person.ts';
import { button, notNow, preferencesLink, show, type Visit } from './visit.ts';

/** `GET` of a confirmation link: asks. Whoever only looks at links has confirmed nothing. */
export function askToConfirm(visit: Visit, event: string): Promise<Response> {
  const { deps, person, language, sender } = visit;
  if (!person) return show(visit, 'confirm', 'away', notNow(visit));
  const waiting = waitingFor(visit, person, event);
  if (waiting.length === 0) return nothingWaits(visit, person, event);
  const { title, body, button: label } = language.words.confirm;
  const titles = waiting.map((topic) => topicWords(deps.topics, topic, language)?.title ?? topic);
  const list = html`<ul class="plain">
      ${titles.map((each) => html`<li><bdi>${each}</bdi></li>`)}
    </ul>
    ${button(`../preferences/${deps.tokens.sign(visit.claims)}`, label)}`;
  return show(visit, 'confirm', 'shown', { title, content: card(title, body(sender), list) });
}

/** Grants what that event asked for and what still waits. One event says all of it. */
export async function confirm(visit: Visit, event: string): Promise<Response> {
  const { deps, claims, person, now } = visit;
  const { user } = claims;
  if (!person) return show(visit, 'confirm', 'away', notNow(visit));
  const topics = waitingFor(visit, person, event);
  if (topics.length === 0) return nothingWaits(visit, person, event);
  const asked = await whatWasAsked(visit, `${event}/${topics[0]}`);
  if (!asked) return show(visit, 'confirm', 'away', notNow(visit));

  const at = momentAfter(now(), person, topics);
  const consent = { ...asked, topics, basis: 'consent' as const, confirmed_at: at, evidence: event };
  if (!(await say(deps, { user, state: 'granted', consent, at, request: event })))
    return show(visit, 'confirm', 'away', notNow(visit));
  return confirmed(visit, 'done');
}

/** Nothing does at another address than the one that the link went to: whoever reads that inbox cannot speak for the new one. */
function waitingFor({ deps, claims }: Visit, person: Person, event: string): string[] {
  const { email } = person.contact;
  if (email === undefined || !deps.store.addressHashes(email).includes(claims.address ?? '')) return [];
  return Object.values(person.records)
    .filter(({ id, topic }) => id.startsWith(`${event}/`) && stateOf(person, topic) === 'pending')
    .map(({ topic }) => topic);
}

/** The words that were shown when they asked, and where that was. Undefined when Redis is away. */
async function whatWasAsked({ deps, claims: { user } }: Visit, id: string) {
  try {
    const record = (await deps.store.consents.history(user)).find((each) => each.id === id);
    const { source = 'double opt-in', wording, locale } = record ?? {};
    return { source, ...(wording !== undefined && { wording }), ...(locale !== undefined && { locale }) };
  } catch (error) {
    deps.log.warn({ user_id: user, err: error }, 'a page could not look up what somebody is asked to confirm');
    return undefined;
  }
}

function nothingWaits(visit: Visit, person: Person, event: string): Promise<Response> {
  const before = Object.values(person.records).some(
    ({ evidence, topic }) => evidence === event && stateOf(person, topic) === 'granted',
  );
  if (before) return confirmed(visit, 'nothing_new');
  const { title, body } = visit.language.words.nothingToConfirm;
  return show(visit, 'confirm', 'nothing_new', { title, content: card(title, body, preferencesLink(visit)) });
}

function confirmed(visit: Visit, result: 'done' | 'nothing_new'): Promise<Response> {
  const { doneTitle, done } = visit.language.words.confirm;
  const content = card(doneTitle, done, html`<div class="after">${preferencesLink(visit)}</div>`, tick);
  return show(visit, 'confirm', result, { title: doneTitle, content });
}
