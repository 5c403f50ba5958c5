import type { Context } from 'hono';
import { html } from 'hono/html';

import type { Claims } from '../../runtime/tokens.ts';
import type { PageDependencies, PageName, PageResult } from './dependencies.ts';
import { type Answer, answerPage, answerText, card, type Fragment, senderName } from './frame.ts';
import { type Language, languageOf } from './language.ts';
import { lookUp, type Person } from './person.ts';

/** One request with a token that is good. */
export interface Visit {
  c: Context;
  deps: PageDependencies;
  claims: Claims;
  /** Undefined while Redis is away. */
  person: Person | undefined;
  language: Language;
  /** As people know them. */
  sender: string;
  now: () => number;
}

export async function visit(c: Context, deps: PageDependencies, claims: Claims): Promise<Visit> {
  const person = await lookUp(deps, claims.user);
  const language = languageOf(person?.contact.locale, c.req.header('accept-language'));
  return { c, deps, claims, person, language, sender: senderName(deps.sender), now: deps.now ?? Date.now };
}

/** Counts, and answers with a page. */
export function show({ c, deps, language }: Visit, name: PageName, result: PageResult, answer: Answer) {
  deps.count(name, result);
  return answerPage(c, deps, language, answer);
}

/** One of the two: browsers ask for HTML, the one-click button of a mail program does not. */
export function showOrSay(visit: Visit, name: PageName, result: PageResult, answer: Answer) {
  if (visit.c.req.header('accept')?.includes('text/html')) return show(visit, name, result, answer);
  visit.deps.count(name, result);
  return answerText(visit.c, answer);
}

/** Nothing has happened, and whoever asked should ask again. */
export function notNow({ language }: Visit): Answer {
  const { title, body } = language.words.failed;
  return { title, content: card(title, body), status: 503, headers: { 'retry-after': '60' } };
}

/** Links are relative, since a path may stand in front of ours; pages are one level deep. */
export function preferencesPath(visit: Visit): string {
  const { user, mail, address } = visit.claims;
  const narrow = canOnlyLeave(visit) && { only: 'leave' as const };
  const about = { ...(mail !== undefined && { mail }), ...(address !== undefined && { address }) };
  return `../preferences/${visit.deps.tokens.sign({ user, action: 'preferences', ...about, ...narrow })}`;
}

/** Whoever came by an unsubscribe link, which mail programs show to everybody who gets a forwarded mail, gives no consent. */
export function canOnlyLeave({ claims: { action, only } }: Pick<Visit, 'claims'>): boolean {
  return action === 'unsubscribe' || only === 'leave';
}

/** Whether the link is of an inbox that its user has left: whoever reads it now decides nothing about them. */
export function isOfAnotherInbox({ claims: { address }, person, deps }: Visit): boolean {
  if (address === undefined || person === undefined) return false;
  const { email } = person.contact;
  return email === undefined || !deps.store.addressHashes(email).includes(address);
}

/** Empty for an inbox that its user has left: the page would not be theirs. */
export function preferencesLink(visit: Visit): Fragment {
  if (isOfAnotherInbox(visit)) return html``;
  return html`<a class="link" href="${preferencesPath(visit)}">${visit.language.words.preferences.link}</a>`;
}

/** A button that sends nothing but its own path. */
export function button(path: string, label: string, kind: 'quiet' | '' = ''): Fragment {
  return html`<form method="post" action="${path}"><button class="${kind}">${label}</button></form>`;
}
