import { html } from 'hono/html';

import { say } from './effects.ts';
import { card, tick } from './frame.ts';
import { topicWords } from './language.ts';
import { gets, momentAfter, stateOf } from './person.ts';
import { undoToken } from './undo-token.ts';
import { button, isOfAnotherInbox, notNow, preferencesLink, show, showOrSay, type Visit } from './visit.ts';

/** `GET /u/<token>`: asks. Machines that look at every link come here too, so it changes nothing. */
export function askToLeave(visit: Visit, topic: string): Promise<Response> {
  const { words } = visit.language;
  const title = words.leave.title(nameOf(visit, topic));
  return show(visit, 'unsubscribe', 'shown', {
    title,
    content: card(
      title,
      words.leave.body(visit.sender),
      html`<div class="row">
        ${button(`../u/${visit.deps.tokens.sign(visit.claims)}`, words.leave.button)} ${preferencesLink(visit)}
      </div>`,
    ),
  });
}

/**
 * `POST /u/<token>`: acts, for the button of a mail program (RFC 8058) as for the one on the page above. The token alone
 * decides; what is in the body is not read. Again and again is as good as once.
 */
export async function leave(visit: Visit, topic: string): Promise<Response> {
  const { deps, claims, person, now } = visit;
  const { user, mail, address } = claims;
  // Whoever reads the inbox that the mail went to may have it no longer under this user id: it is recorded for those who have it.
  const isElsewhere = isOfAnotherInbox(visit);
  if (person && !isElsewhere && stateOf(person, topic) === 'revoked') return gone(visit, topic, 'nothing_new');

  const at = momentAfter(now(), person, [topic]);
  if (person && !person.known)
    return gone(
      visit,
      topic,
      'nobody',
      undoToken(deps, { user, address, ended: [topic], begun: [], at, only: 'leave' }),
    );

  const consent = {
    topics: [topic],
    source: 'one-click unsubscribe',
    locale: visit.language.locale,
    ...(mail !== undefined && { evidence: mail }),
  };
  if (!(await say(deps, { user, state: 'revoked', consent, at, ...(address !== undefined && { address }) })))
    return showOrSay(visit, 'unsubscribe', 'away', notNow(visit));
  const ended = person && !isElsewhere && gets(deps, person, topic) ? [topic] : [];
  return gone(visit, topic, 'done', undoToken(deps, { user, address, ended, begun: [], at, only: 'leave' }));
}

function gone(visit: Visit, topic: string, result: 'done' | 'nothing_new' | 'nobody', undo?: string) {
  const { words } = visit.language;
  const { title, body } = words.left;
  const back = undo && html`${button(`../preferences/${undo}`, words.undo.button, 'quiet')}`;
  return showOrSay(visit, 'unsubscribe', result, {
    title,
    content: card(
      title,
      body(nameOf(visit, topic), visit.sender),
      html`<div class="after">
        ${back && html`<div class="row"><span class="small">${words.undo.hint}</span>${back}</div>`}
        ${preferencesLink(visit)}
      </div>`,
      tick,
    ),
  });
}

/** A topic that is no longer in the configuration has no name that people know. */
function nameOf({ deps, language }: Visit, topic: string): string {
  return topicWords(deps.topics, topic, language)?.title ?? language.words.theseMails;
}
