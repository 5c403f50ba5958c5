import type { Context, Hono } from 'hono';

import type { Claims } from '../../runtime/tokens.ts';
import { clientOf } from '../client-of.ts';
import { readAtMost } from '../feedback/read-at-most.ts';
import { askToConfirm, confirm } from './confirm.ts';
import type { PageDependencies, PageName } from './dependencies.ts';
import { type Answer, answerPage, card } from './frame.ts';
import { createBrake, isCrossSite, tokenIn } from './guards.ts';
import { languageOf } from './language.ts';
import { choose, preferenceCentre } from './preferences.ts';
import { askToUndo, undo } from './undo.ts';
import { askToLeave, leave } from './unsubscribe.ts';
import { isOfAnotherInbox, visit } from './visit.ts';

/** A form of ours has a line a topic. */
const longestForm = 64 * 1024;
const wrongTokensPerMinute = 60;

/**
 * The pages behind the links of mails: `/u/<token>` to unsubscribe, `/preferences/<token>` for everything else. The token
 * says who it is, so there are no cookies. Reading (GET, HEAD) never changes anything: mail scanners open every link.
 */
export function addPages(app: Hono, deps: PageDependencies): void {
  const brake = createBrake(wrongTokensPerMinute, deps.now ?? Date.now);

  const notOurs = (c: Context, page: PageName) => {
    const language = languageOf(undefined, c.req.header('accept-language'));
    const wait = brake.tooMany(clientOf(c));
    const { title, body } = wait === undefined ? language.words.notFound : language.words.tooMany;
    deps.count(page, wait === undefined ? 'not_found' : 'limited');
    return answerPage(c, deps, language, {
      title,
      content: card(title, body),
      status: wait === undefined ? 404 : 429,
      ...(wait !== undefined && { headers: { 'retry-after': String(wait) } }),
    });
  };
  const refuse = (c: Context, result: 'cross_site' | 'too_large', status: 403 | 413) => {
    const language = languageOf(undefined, c.req.header('accept-language'));
    const { title, body } = result === 'cross_site' ? language.words.foreign : language.words.failed;
    deps.count('preferences', result);
    const answer: Answer = { title, content: card(title, body), status };
    return answerPage(c, deps, language, answer);
  };

  const unsubscribe = (act: typeof leave) => async (c: Context) => {
    const claims = deps.tokens.read(tokenIn(c));
    if (claims?.action !== 'unsubscribe' || claims.topic === undefined) return notOurs(c, 'unsubscribe');
    return act(await visit(c, deps, claims), claims.topic);
  };
  app.get('/u/*', unsubscribe(askToLeave));
  app.post('/u/*', unsubscribe(leave));

  const preferences = (act: (c: Context, claims: Claims) => Promise<Response>) => async (c: Context) => {
    const claims = deps.tokens.read(tokenIn(c));
    if (!claims || claims.action === 'unsubscribe') return notOurs(c, 'preferences');
    return act(c, claims);
  };
  app.get(
    '/preferences/*',
    preferences(async (c, claims) => {
      const here = await visit(c, deps, claims);
      if (claims.action === 'confirm') return askToConfirm(here, claims.event ?? '');
      if (isOfAnotherInbox(here)) return notOurs(c, 'preferences');
      if (claims.action === 'undo') return askToUndo(here);
      return preferenceCentre(here);
    }),
  );
  app.post(
    '/preferences/*',
    preferences(async (c, claims) => {
      if (isCrossSite(c, deps.publicUrl)) return refuse(c, 'cross_site', 403);
      const here = await visit(c, deps, claims);
      if (claims.action === 'confirm') return confirm(here, claims.event ?? '');
      if (isOfAnotherInbox(here)) return notOurs(c, 'preferences');
      if (claims.action === 'undo') return undo(here);
      const body = await readAtMost(c.req.raw.body, longestForm).catch(() => new Uint8Array());
      if (!body) return refuse(c, 'too_large', 413);
      return choose(here, new URLSearchParams(new TextDecoder().decode(body)));
    }),
  );
}
