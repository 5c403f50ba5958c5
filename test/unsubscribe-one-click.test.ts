import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { leaving, mail, oneClick } from './support/one-click.ts';
import { monday, pagesOfThisFile, raw } from './support/pages.ts';

const pages = pagesOfThisFile();

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
    const record = (await world.store.consents.history(world.ada.user_id)).at(-1);
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

  it('ends it for everybody who has the address, and for nobody else', async () => {
    const world = await pages();
    const { contacts, consents } = world.store;
    const said = {
      id: 'sign-up',
      state: 'granted' as const,
      consent: { topics: ['offers', 'onboarding'] },
      at: monday,
    };
    const others = { twin: world.ada.email.toUpperCase(), stranger: `other-${world.ada.email}` };
    const idOf = (name: string) => `${name}-${world.ada.user_id}`;
    for (const [name, email] of Object.entries(others)) {
      await contacts.record(idOf(name), { email }, monday);
      await consents.record(idOf(name), said);
    }
    expect((await oneClick(leaving(world))).status).toBe(200);
    expect(await consents.stateOf(idOf('twin'), 'offers')).toBe('revoked');
    expect(await consents.stateOf(idOf('twin'), 'onboarding')).toBe('granted');
    expect(await consents.stateOf(idOf('stranger'), 'offers')).toBe('granted');
    expect(world.published).toHaveLength(1);
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
    await world.store.consents.record(world.ada.user_id, { id: 'ahead', state: 'granted', consent, at: captured_at });
    await oneClick(leaving(world));
    expect((await world.states())['offers']).toBe('revoked');
    expect(world.published[0]?.timestamp).toBe(captured_at + 1);
  });

  it('works for a topic that is no longer there, under its old name', async () => {
    const world = await pages();
    const url = leaving(world, 'gossip');
    expect((await world.get(url)).html).toContain('Unsubscribe from these emails?');
    expect((await oneClick(url)).status).toBe(200);
    expect(await world.store.consents.stateOf(world.ada.user_id, 'gossip')).toBe('revoked');
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
    expect(await world.store.consents.history(erased)).toEqual([]);
    expect(world.published.map(({ user_id }) => user_id)).toEqual([world.ada.user_id]);
  });
});

describe('when something is away', () => {
  it('it works without Redis, as long as the event is taken', async () => {
    const world = await pages();
    world.recordBecomesUnavailable();
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
    world.recordBecomesUnavailable();
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
