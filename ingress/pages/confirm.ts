import { html } from 'hono/html';

import type { ConsentRecord } from '../../store/consents.ts';
import { say } from './effects.ts';
import { card, tick } from './frame.ts';
import { topicWords } from './language.ts';
import { momentAfter, type Person, stateOf } from './person.ts';
import { button, notNow, preferencesLink, show, type Visit } from './visit.ts';

/** `GET` of a confirmation link: asks. Whoever only looks at links has confirmed nothing. */
export async function askToConfirm(visit: Visit, event: string): Promise<Response> {
  const { deps, person, language, sender } = visit;
  const asked = await askedBy(visit, event);
  if (!person || !asked) return show(visit, 'confirm', 'away', notNow(visit));
  const waiting = waitingFor(visit, person, asked);
  if (waiting.length === 0) return nothingWaits(visit, person, event);
  const { title, body, button: label } = language.words.confirm;
  const titles = waiting.map((topic) => topicWords(deps.topics, topic, language)?.title ?? topic);
  const list = html`<ul class="plain">
      ${titles.map((each) => html`<li><bdi>${each}</bdi></li>`)}
    </ul>
    ${button(`../preferences/${deps.tokens.sign(visit.claims)}`, label)}`;
  return show(visit, 'confirm', 'shown', { title, content: card(title, body(sender), list) });
}

/** Grants what that event asked for and what still waits, even if another has asked for it since. One event says all of it. */
export async function confirm(visit: Visit, event: string): Promise<Response> {
  const { deps, claims, person, now } = visit;
  const { user } = claims;
  const asked = await askedBy(visit, event);
  if (!person || !asked) return show(visit, 'confirm', 'away', notNow(visit));
  const topics = waitingFor(visit, person, asked);
  if (topics.length === 0) return nothingWaits(visit, person, event);

  const at = momentAfter(now(), person, topics);
  const said = wordsOf(asked.find(({ topic }) => topics.includes(topic)));
  const consent = { ...said, topics, basis: 'consent' as const, confirmed_at: at, evidence: event };
  const address = deps.store.addressHash(person.contact.email ?? '');
  if (!(await say(deps, { user, state: 'granted', consent, at, request: event, address })))
    return show(visit, 'confirm', 'away', notNow(visit));
  return confirmed(visit, 'done');
}

/** Nothing does at another address than the one that the link went to: whoever reads that inbox cannot speak for the new one. */
function waitingFor({ deps, claims }: Visit, person: Person, asked: readonly ConsentRecord[]): string[] {
  const { email } = person.contact;
  if (email === undefined || !deps.store.addressHashes(email).includes(claims.address ?? '')) return [];
  return asked.map(({ topic }) => topic).filter((topic) => stateOf(person, topic) === 'pending');
}

/** What this event asked for, with the words that were shown. Undefined when the record is away. */
async function askedBy({ deps, claims: { user } }: Visit, event: string): Promise<ConsentRecord[] | undefined> {
  try {
    const log = await deps.store.consents.history(user);
    return log.filter(({ id, state }) => state === 'pending' && id.startsWith(`${event}/`));
  } catch (error) {
    deps.log.warn({ user_id: user, err: error }, 'a page could not look up what somebody is asked to confirm');
    return undefined;
  }
}

/** Where that was, and the words that were shown. */
function wordsOf({ source = 'double opt-in', wording, locale }: Partial<ConsentRecord> = {}) {
  return { source, ...(wording !== undefined && { wording }), ...(locale !== undefined && { locale }) };
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
