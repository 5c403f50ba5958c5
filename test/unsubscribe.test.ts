import { describe, expect, it } from 'vitest';

import { createTokens } from '../runtime/tokens.ts';
import { leaving, mail, oneClick } from './support/one-click.ts';
import { pagesOfThisFile, type Pages, topics } from './support/pages.ts';

const pages = pagesOfThisFile();

describe('somebody who opens the link', () => {
  it('is asked, and nothing changes by looking', async () => {
    const world = await pages();
    const page = await world.get(leaving(world));
    expect(page.status).toBe(200);
    expect(page.html).toContain('Unsubscribe from Offers?');
    expect(page.html).toContain('Tea &amp; Company');
    expect(page.forms).toEqual({ Unsubscribe: leaving(world) });
    const head = await fetch(leaving(world), { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect([await world.records(), world.published]).toEqual([2, []]);
  });

  it('leaves with the button, is told so, and may undo it: nothing else comes back', async () => {
    const world = await pages();
    await oneClick(leaving(world, 'onboarding'));
    const asked = await world.get(leaving(world));
    const page = await world.post(asked.forms['Unsubscribe'] ?? '');
    expect(page.html).toContain('Tea &amp; Company will not send you Offers any more.');
    const undone = await world.post(page.forms['Undo'] ?? '');
    expect(undone.said).toBe('Undone. Everything is as it was before.');
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
    expect(world.published.map(({ event_type }) => event_type)).toEqual([
      'consent.revoked',
      'consent.revoked',
      'consent.granted',
    ]);
  });

  it('a second time is offered no undo, since this time nothing changed', async () => {
    const world = await pages();
    await oneClick(leaving(world));
    expect(Object.keys((await world.post(leaving(world))).forms)).toEqual([]);
  });

  it('who never got the topic is not subscribed by an undo', async () => {
    const world = await pages();
    const page = await world.post(leaving(world, 'gossip'));
    expect(Object.keys(page.forms)).toEqual([]);
  });

  it('gets pages that keep the key in their address to themselves', async () => {
    const world = await pages();
    const { headers, html } = await world.get(leaving(world));
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'x-robots-tag': 'noindex',
      'x-content-type-options': 'nosniff',
    });
    const policy = headers.get('content-security-policy');
    for (const rule of ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
      expect(policy).toContain(rule);
    expect(policy).not.toMatch(/script-src|unsafe/);
    // Relative, so that a proxy may put a path in front.
    expect(html).not.toMatch(/<script|\sstyle=|\son[a-z]+=|https?:|(href|action)="\//);
  });
});

it('a machine that opens everything it finds, again and again, changes nothing', async () => {
  const world = await pages();
  const { user_id } = world.ada;
  const consent = { topics: ['news'] };
  await world.store.consents.record(user_id, { id: 'asked', state: 'pending', consent, at: Date.now() });
  const left = await world.post(leaving(world, 'gossip'));
  const changed = await world.post(world.links.preferences(user_id), [
    ['shown', 'offers'],
    ['do', 'save'],
  ]);
  const before = [await world.store.consents.now(user_id), world.published.length];

  const waiting = [
    leaving(world),
    leaving(world, 'onboarding'),
    world.links.preferences(user_id, mail),
    world.links.confirm(user_id, 'asked', world.store.addressHash(world.ada.email)),
    ...[left, changed].flatMap(({ links, forms }) => [...links, ...Object.values(forms)]),
  ];
  // Links differ in their tokens only by what those say, so the walk ends.
  const seen = new Set<string>();
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    if (seen.has(url)) continue;
    seen.add(url);
    for (const method of ['HEAD', 'OPTIONS']) await fetch(url, { method, headers: { accept: 'text/html' } });
    const page = await world.get(url);
    waiting.push(...page.links, ...Object.values(page.forms));
    expect(page.status).toBe(200);
  }
  expect(seen.size).toBeGreaterThanOrEqual(6);
  expect([await world.store.consents.now(user_id), world.published.length]).toEqual(before);
});

describe('a link that is not ours', () => {
  const wrongOnes = (world: Pages) => {
    const token = leaving(world).split('/').at(-1) ?? '';
    const [version, kid, payload = '', mac = ''] = token.split('.');
    const claims = { user: world.ada.user_id, action: 'unsubscribe', topic: 'offers' } as const;
    return [
      'x',
      '',
      token.slice(0, -1),
      `${token}A`,
      `${token}=`,
      `${token}/`,
      token.replace('v1.', 'v1%2E'),
      token.toUpperCase(),
      [version, kid, payload, mac.split('').toReversed().join('')].join('.'),
      createTokens({ secret: 'cd'.repeat(32), keys: ['retired'], installation: 'test' }).sign(claims),
      createTokens({ secret: 'ee'.repeat(32), keys: ['new'], installation: 'test' }).sign(claims),
      world.tokens.sign({ user: world.ada.user_id, action: 'preferences' }),
      world.tokens.sign({ ...claims, action: 'confirm' }),
      world.tokens.sign({ user: world.ada.user_id, action: 'undo', topics: ['offers'], until: Date.now() + 1_000 }),
      'A'.repeat(5_000),
    ];
  };

  it('is answered in one way, whatever is wrong with it and however it is asked for', async () => {
    const world = await pages();
    const answers = new Set<string>();
    for (const wrong of wrongOnes(world)) {
      for (const method of ['GET', 'POST', 'HEAD']) {
        const answer = await fetch(`${world.url}/u/${wrong}`, { method, redirect: 'manual' });
        const { date: _, 'content-length': length, ...headers } = Object.fromEntries(answer.headers);
        const body = await answer.text();
        if (method === 'HEAD') expect(body).toBe('');
        answers.add(JSON.stringify([answer.status, headers, ...(method === 'HEAD' ? [] : [body, length])]));
      }
    }
    expect([...answers].map((each) => each.slice(0, 5))).toEqual(['[404,', '[404,']);
    expect(new Set(world.counted)).toEqual(new Set(['unsubscribe:not_found']));
    expect([await world.records(), world.published]).toEqual([2, []]);
  });

  it('can be tried sixty times a minute, and a good link works meanwhile', async () => {
    const world = await pages();
    const wrong = () => fetch(`${world.url}/u/wrong`, { method: 'POST' });
    for (let i = 0; i < 60; i++) expect((await wrong()).status).toBe(404);
    const refused = await wrong();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await oneClick(leaving(world))).status).toBe(200);
    expect((await world.states())['offers']).toBe('revoked');
    world.later(61_000);
    expect((await wrong()).status).toBe(404);
  });
});

it('a page speaks the language of the person, and names the topic in it', async () => {
  const world = await pages();
  const speaks = async (locale: string) => {
    await world.store.contacts.record(world.ada.user_id, { locale }, Date.now());
    return (await world.get(leaving(world))).html;
  };
  expect(await speaks('de-AT')).toContain(`${topics.offers.translations.de.title} abbestellen?`);
  expect(await speaks('ar')).toMatch(/<html lang="ar" dir="rtl">/);
});
