import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { createTokens } from '../runtime/tokens.ts';
import { pages, type Pages, raw, topics } from './support/pages.ts';

const mail = 'm'.repeat(43);
const leaving = ({ links, ada }: Pages, topic = 'offers') => links.unsubscribe(ada.user_id, topic, mail);

/** As a mail program posts: no cookies, nobody behind it, and it wants no page. */
const oneClick = (url: string, body: string = 'List-Unsubscribe=One-Click', headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });

describe('the one click of a mail program', () => {
  it('ends the topic, is recorded, and is told to running journeys under the same id', async () => {
    const world = await pages();
    const answer = await oneClick(leaving(world));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await answer.text()).toBe('You are unsubscribed\n');
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });

    const [event] = world.published;
    const record = (await world.memory.consents.history(world.ada.user_id)).at(-1);
    expect(record).toMatchObject({
      id: `${event?.event_id}/offers`,
      state: 'revoked',
      source: 'one-click unsubscribe',
      evidence: mail,
      locale: 'en-GB',
      captured_at: event?.timestamp,
    });
    expect(event).toMatchObject({
      event_type: 'consent.revoked',
      user_id: world.ada.user_id,
      payload: { consent: { topics: ['offers'], captured_at: event?.timestamp } },
      metadata: { source: 'one-click unsubscribe' },
    });
    expect(world.published).toHaveLength(1);
    expect(world.counted).toEqual(['unsubscribe:done']);
    expect(JSON.stringify([world.logged, world.published])).not.toContain('@');
  });

  const head = (url: string, ...lines: string[]) => {
    const { pathname, host } = new URL(url);
    return [`POST ${pathname} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines];
  };
  const form = 'List-Unsubscribe=One-Click';
  const parts = (boundary: string) =>
    [
      `--${boundary}`,
      'Content-Disposition: form-data; name="List-Unsubscribe"',
      '',
      'One-Click',
      `--${boundary}--`,
      '',
    ].join('\r\n');
  const garbage = '\u0000\u0001%%%=&=;{"'.repeat(50);
  const typed = (type: string, body: string) => [
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ];

  it.each<[string, string[]]>([
    ['the urlencoded form of the RFC', typed('application/x-www-form-urlencoded', form)],
    [
      'it as Gmail sends it',
      ['User-Agent: Google-Proxy', 'Accept: */*', ...typed('application/x-www-form-urlencoded', form)],
    ],
    [
      'multipart/form-data',
      typed('multipart/form-data; boundary=---FormBoundaryjWmhtjORrn', parts('---FormBoundaryjWmhtjORrn')),
    ],
    ['multipart with a boundary in quotes', typed('multipart/form-data; boundary="x y"', parts('x y'))],
    ['multipart that is not one', typed('multipart/form-data', form)],
    ['an empty body', ['Content-Length: 0', '', '']],
    ['no body and no length', ['', '']],
    [
      'chunks',
      ['Transfer-Encoding: chunked', 'Content-Type: application/x-www-form-urlencoded', '', '1a', form, '0', '', ''],
    ],
    ['garbage', typed('application/x-www-form-urlencoded', garbage)],
    ['garbage that calls itself JSON', typed('application/json', garbage)],
    ['a type that is none', typed(';;;', form)],
    [
      'headers in odd letters',
      ['CONTENT-TYPE:application/x-www-form-urlencoded', 'content-LENGTH:26', 'aCCept:*/*', '', form],
    ],
    [
      'another site as its origin',
      ['Origin: https://mail.example.net', 'Sec-Fetch-Site: cross-site', ...typed('text/plain', form)],
    ],
    ['cookies of somebody', ['Cookie: session=1', ...typed('text/plain', form)]],
  ])('works with %s', async (_what, lines) => {
    const world = await pages();
    const answer = await raw(world.url, ...head(leaving(world), ...lines));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('You are unsubscribed');
    expect(answer).not.toMatch(/^(location|set-cookie):/im);
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });
  });

  it('works with a body of many megabytes that nobody reads', async () => {
    const world = await pages();
    const much = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 8; i++) controller.enqueue(new Uint8Array(1024 * 1024));
        controller.close();
      },
    });
    // The answer comes before all is sent: a client may see it or a closed connection, and is unsubscribed either way.
    await fetch(leaving(world), { method: 'POST', body: much, duplex: 'half' }).then(
      (answer) => answer.text(),
      () => undefined,
    );
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });
  });

  it('twice, or ten times at once, is as good as once', async () => {
    const world = await pages();
    const url = leaving(world);
    for (let i = 0; i < 3; i++) expect((await oneClick(url)).status).toBe(200);
    expect(await world.records()).toBe(3);
    expect(world.published).toHaveLength(1);
    const answers = await Promise.all(Array.from({ length: 10 }, () => oneClick(leaving(world, 'onboarding'))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
    expect(world.counted.filter((each) => each === 'unsubscribe:nothing_new').length).toBeGreaterThanOrEqual(2);
  });

  it('wins against a consent that was stamped by a clock ahead of ours', async () => {
    const world = await pages();
    const captured_at = Date.now() + 3_600_000;
    const consent = { topics: ['offers'], captured_at };
    await world.memory.consents.record(world.ada.user_id, { id: 'ahead', state: 'granted', consent, at: captured_at });
    await oneClick(leaving(world));
    expect((await world.states())['offers']).toBe('revoked');
    expect(world.published[0]?.timestamp).toBe(captured_at + 1);
  });

  it('works for a topic that is no longer there, under its old name', async () => {
    const world = await pages();
    const url = leaving(world, 'gossip');
    expect((await world.get(url)).html).toContain('Unsubscribe from these emails?');
    expect((await oneClick(url)).status).toBe(200);
    expect(await world.memory.consents.stateOf(world.ada.user_id, 'gossip')).toBe('revoked');
    for (const odd of ['constructor', '__proto__']) expect((await oneClick(leaving(world, odd))).status).toBe(200);
  });

  it('about somebody who was erased looks the same and leaves no trace', async () => {
    const world = await pages();
    const erased = `erased_${randomUUID()}`;
    const url = world.links.unsubscribe(erased, 'offers', mail);
    const [theirs, adas] = [await world.post(url), await world.post(leaving(world))];
    expect(theirs.status).toBe(adas.status);
    const same = (html: string) => html.replaceAll(/v1\.[^"]+/g, '');
    expect(same(theirs.html)).toBe(same(adas.html));
    expect(await world.memory.consents.history(erased)).toEqual([]);
    expect(world.published.map(({ user_id }) => user_id)).toEqual([world.ada.user_id]);
  });
});

describe('when something is away', () => {
  it('it works without Redis, as long as the event is taken', async () => {
    const world = await pages();
    world.redisGoesAway();
    const answer = await oneClick(leaving(world));
    expect(answer.status).toBe(200);
    expect(world.published).toMatchObject([
      { event_type: 'consent.revoked', payload: { consent: { topics: ['offers'] } } },
    ]);
  });

  it('it works without NATS, as long as Redis takes it', async () => {
    const world = await pages();
    world.publishingFails();
    expect((await oneClick(leaving(world))).status).toBe(200);
    expect((await world.states())['offers']).toBe('revoked');
  });

  it('without both it says so, claims nothing, and asks to be tried again', async () => {
    const world = await pages();
    world.redisGoesAway();
    world.publishingFails();
    const answer = await oneClick(leaving(world));
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.text()).not.toContain('unsubscribed');
    const page = await world.post(leaving(world));
    expect(page.status).toBe(503);
    expect(page.html).not.toContain('You are unsubscribed');
    expect(world.counted).toEqual(['unsubscribe:away', 'unsubscribe:away']);
  });
});

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
  await world.memory.consents.record(user_id, { id: 'asked', state: 'pending', consent, at: Date.now() });
  const left = await world.post(leaving(world, 'gossip'));
  const changed = await world.post(world.links.preferences(user_id), [
    ['shown', 'offers'],
    ['do', 'save'],
  ]);
  const before = [await world.memory.consents.now(user_id), world.published.length];

  const waiting = [
    leaving(world),
    leaving(world, 'onboarding'),
    world.links.preferences(user_id, mail),
    world.links.confirm(user_id, 'asked'),
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
  expect([await world.memory.consents.now(user_id), world.published.length]).toEqual(before);
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
      createTokens({ secret: 'cd'.repeat(32), keys: ['retired'] }).sign(claims),
      createTokens({ secret: 'ee'.repeat(32), keys: ['new'] }).sign(claims),
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
    await world.memory.contacts.record(world.ada.user_id, { locale }, Date.now());
    return (await world.get(leaving(world))).html;
  };
  expect(await speaks('de-AT')).toContain(`${topics.offers.translations.de.title} abbestellen?`);
  expect(await speaks('ar')).toMatch(/<html lang="ar" dir="rtl">/);
});
