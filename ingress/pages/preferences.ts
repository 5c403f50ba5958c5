import { html } from 'hono/html';

import { everyTopic } from '../../store/consents.ts';
import { say } from './effects.ts';
import type { PageName, PageResult } from './dependencies.ts';
import { card, type Fragment } from './frame.ts';
import { topicWords } from './language.ts';
import { grantsAreLimited, preferenceSource as source } from './grant-limits.ts';
import { gets, momentAfter, type Person } from './person.ts';
import { stoppedNotice } from './stopped.ts';
import { undoToken } from './undo-token.ts';
import { button, canOnlyLeave, notNow, preferencesPath, show, type Visit } from './visit.ts';

/** What a consent block has room for. */
const mostWords = 10_000;

/** What has just happened, for the top of the page. */
export interface News {
  page: PageName;
  result: PageResult;
  status: string;
  undo?: string | undefined;
}

/** `GET /preferences/<token>`: every topic, ticked when they get it. */
export function preferenceCentre(visit: Visit): Promise<Response> {
  const { deps, person } = visit;
  if (!person) return show(visit, 'preferences', 'away', notNow(visit));
  return centre(
    visit,
    person,
    namesOf(visit).filter((topic) => gets(deps, person, topic)),
  );
}

/** `POST /preferences/<token>`: records what differs from now. A form without a button's name is not one of ours: nothing changes. */
export function choose(visit: Visit, form: URLSearchParams): Promise<Response> {
  switch (form.get('do')) {
    case 'save':
      return save(visit, form);
    case 'all':
      return leaveAll(visit);
    default:
      return preferenceCentre(visit);
  }
}

async function save(visit: Visit, form: URLSearchParams): Promise<Response> {
  const { deps, claims, language, sender, person, now } = visit;
  const { user, address } = claims;
  if (!person) return show(visit, 'preferences', 'away', notNow(visit));
  // Only what was on the page: a topic that was added since then was not declined.
  const shown = namesOf(visit).filter((topic) => form.getAll('shown').includes(topic));
  const wanted = new Set(form.getAll('topic'));
  const before = new Set(namesOf(visit).filter((topic) => gets(deps, person, topic)));
  const ended = shown.filter((topic) => before.has(topic) && !wanted.has(topic));
  const begun = canOnlyLeave(visit) ? [] : shown.filter((topic) => !before.has(topic) && wanted.has(topic));
  const after = namesOf(visit).filter(
    (topic) => (before.has(topic) && !ended.includes(topic)) || begun.includes(topic),
  );

  const { saved, unchanged, agreement } = language.words.preferences;
  if (ended.length + begun.length === 0)
    return centre(visit, person, after, { page: 'preferences', result: 'nothing_new', status: unchanged });

  const at = momentAfter(now(), person, [...ended, ...begun]);
  const undo = undoToken(deps, { user, address, ended, begun, at, only: claims.only });
  if (!person.known)
    return centre(visit, person, after, { page: 'preferences', result: 'nobody', status: saved, undo });

  const about = { source, locale: language.locale };
  const agreed = { ...about, basis: 'consent' as const, wording: wordingOf(visit, begun, agreement(sender)) };
  const took =
    ended.length === 0 || (await say(deps, { user, state: 'revoked', consent: { ...about, topics: ended }, at }));
  if (!took) return show(visit, 'preferences', 'away', notNow(visit));
  if (begun.length > 0) {
    const limited = await grantsAreLimited(visit, user, source);
    if (limited) return show(visit, 'preferences', limited.result, limited.answer);
    if (!(await say(deps, { user, state: 'granted', consent: { ...agreed, topics: begun }, at })))
      return show(visit, 'preferences', 'away', notNow(visit));
  }
  return centre(visit, person, after, { page: 'preferences', result: 'done', status: saved, undo });
}

/** Every topic they get by its name too, so that undoing it knows them; and `*`, for those of the future. */
async function leaveAll(visit: Visit): Promise<Response> {
  const { deps, claims, language, person, now } = visit;
  const { user, address } = claims;
  const { done: status } = language.words.all;
  const ended = person ? everyNameOf(visit, person).filter((topic) => gets(deps, person, topic)) : [];
  const at = momentAfter(now(), person, ended);
  const undo = undoToken(deps, { user, address, ended, begun: [], at, only: claims.only });
  if (person && !person.known)
    return centre(visit, person, [], { page: 'preferences', result: 'nobody', status, undo });
  if (person && ended.length === 0 && person.records[everyTopic]?.state === 'revoked')
    return centre(visit, person, [], { page: 'preferences', result: 'nothing_new', status });

  const consent = { topics: [everyTopic, ...ended], source, locale: language.locale };
  if (!(await say(deps, { user, state: 'revoked', consent, at })))
    return show(visit, 'preferences', 'away', notNow(visit));
  if (person) return centre(visit, person, [], { page: 'preferences', result: 'done', status, undo });
  return show(visit, 'preferences', 'done', { title: status, content: card(status, '') });
}

/** What somebody agrees to, word for word as the page shows it. */
export function wordingOf(visit: Visit, topics: readonly string[], sentence: string): string {
  const { deps, language } = visit;
  const named = topics.map((topic) => topicWords(deps.topics, topic, language) ?? { title: topic });
  const lines = named.map(({ title, description }) => [title, description].filter(Boolean).join(': '));
  return [...lines, sentence].join('\n').slice(0, mostWords);
}

/** The page itself, with `ticked` as what they get now. */
export async function centre(visit: Visit, person: Person, ticked: readonly string[], news?: News): Promise<Response> {
  const { deps, language, sender } = visit;
  const { preferences, all } = language.words;
  const path = preferencesPath(visit);
  const topics = namesOf(visit).map((name) => ({ name, ...topicWords(deps.topics, name, language) }));
  const content = html`<section class="card">
      ${news ? statusOf(visit, news) : ''}
      <h1>${preferences.title}</h1>
      <p class="lead">${preferences.intro(sender)}</p>
      ${await stoppedNotice(visit, person)}
      <form method="post" action="${path}">
        <fieldset>
          <legend>${preferences.legend}</legend>
          <div class="topics">
            ${topics.map(
              ({ name, title, description }) =>
                html`<label>
                  <input
                    type="checkbox"
                    name="topic"
                    value="${name}"
                    ${ticked.includes(name) ? 'checked' : canOnlyLeave(visit) ? 'disabled' : ''}
                  />
                  <span>
                    <b><bdi>${title}</bdi></b
                    >${description ? html` <small><bdi>${description}</bdi></small>` : ''}
                  </span>
                </label>`,
            )}
          </div>
        </fieldset>
        ${topics.map(({ name }) => html`<input type="hidden" name="shown" value="${name}" />`)}
        <p class="small">${preferences.agreement(sender)}</p>
        <div class="row"><button name="do" value="save">${preferences.save}</button></div>
      </form>
    </section>
    <section class="card away">
      <div>
        <h2>${all.title}</h2>
        <p class="small">${all.body}</p>
      </div>
      <form method="post" action="${path}"><button class="quiet" name="do" value="all">${all.button}</button></form>
    </section>`;
  return show(visit, news?.page ?? 'preferences', news?.result ?? 'shown', { title: preferences.title, content });
}

function statusOf({ language }: Visit, { status, undo }: News): Fragment {
  return html`<div class="status">
    <p role="status">${status}</p>
    ${undo ? button(`../preferences/${undo}`, language.words.undo.button) : ''}
  </div>`;
}

const namesOf = ({ deps }: Visit) => Object.keys(deps.topics);

/** Those of the configuration, and those of long ago. */
export function everyNameOf(visit: Visit, { records }: Person): string[] {
  return [...new Set([...namesOf(visit), ...Object.keys(records)])].filter((topic) => topic !== everyTopic);
}
