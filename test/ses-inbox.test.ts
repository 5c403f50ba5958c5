import { SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { request } from 'node:http';
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSesStandIn } from '../local/ses/stand-in.ts';
import type { SesStandIn } from '../local/ses/stand-in.ts';

let standIn: SesStandIn;
let ses: SESv2Client;

beforeAll(async () => {
  standIn = await startSesStandIn();
  ses = new SESv2Client({
    endpoint: standIn.url,
    region: 'eu-central-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
beforeEach(() => standIn.mailbox.clear());
afterAll(async () => {
  ses.destroy();
  await standIn.close();
});

interface Letter {
  from?: string;
  to?: string[];
  subject?: string;
  html?: string;
  text?: string;
  headers?: Record<string, string>;
}

async function send({ from, to, subject, html, text = 'Hi', headers = {} }: Letter = {}): Promise<string> {
  const content = (Data: string) => ({ Data, Charset: 'UTF-8' });
  const { MessageId } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: from ?? 'Rivulet <hello@example.com>',
      Destination: { ToAddresses: to ?? ['ada@example.com'] },
      EmailTags: [{ Name: 'rivulet-key', Value: 'k1' }],
      Content: {
        Simple: {
          Subject: content(subject ?? 'Welcome'),
          Body: { Text: content(text), ...(html === undefined ? {} : { Html: content(html) }) },
          Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })),
        },
      },
    }),
  );
  return MessageId ?? '';
}

const get = (path: string, headers: Record<string, string> = {}) => fetch(standIn.url + path, { headers });
const page = async (path: string) => (await get(path)).text();

describe('what a sender writes never becomes markup of the inbox', () => {
  const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`;
  const quoted = `"\\"><script>alert(1)</script><img src=x onerror=alert(1)>'" <ada@example.com>`;

  test.each<[string, Letter]>([
    ['the subject', { subject: attack }],
    ['an encoded subject', { subject: `=?UTF-8?B?${Buffer.from(attack).toString('base64')}?=` }],
    ['the display name of the sender', { from: quoted }],
    ['an encoded display name', { from: `=?UTF-8?B?${Buffer.from(attack).toString('base64')}?= <a@example.com>` }],
    ['the display name of the recipient', { to: [quoted] }],
    ['the text', { text: attack }],
    ['the HTML', { html: attack }],
    ['a header', { headers: { 'X-Evil': attack } }],
    ['a link', { html: `<a href='https://a.example/${attack.replaceAll("'", '')}'>${attack}</a>` }],
    ['the unsubscribe header', { headers: { 'List-Unsubscribe': `<https://a.example/"onmouseover="alert(1)>` } }],
  ])('%s', async (_, letter) => {
    const id = await send(letter);
    const views = ['html', 'text', 'links', 'headers', 'raw'].map((view) => `/mails/${id}?view=${view}`);
    for (const path of ['/', ...views]) {
      const source = await page(path);
      expect(source).not.toMatch(/<script>|<img src=x|" ?onmouseover=/);
      // The inbox's own script is the only one.
      expect(source.match(/<script/g)).toHaveLength(1);
    }
  });

  test('nor does what a visitor searches for', async () => {
    await send();
    const source = await page(`/?to=${encodeURIComponent(attack)}`);
    expect(source).not.toContain('<script>');
    expect(source).toContain('&lt;script&gt;');
  });

  test('a script link is not offered to be clicked', async () => {
    const id = await send({
      html: '<a href="javascript:alert(1)">x</a>',
      headers: { 'List-Unsubscribe': '<javascript:alert(1)>' },
    });
    expect(await page(`/mails/${id}?view=links`)).toContain('This mail has no links.');
  });
});

describe('policies', () => {
  test('every page forbids what it does not need', async () => {
    const id = await send();
    for (const path of ['/', `/mails/${id}`, '/mails/none', '/inbox.js', '/api/mails', '/nowhere']) {
      const { headers } = await get(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test('the HTML of a mail is sandboxed by its own answer, and framed without any right', async () => {
    const html = '<script>alert(1)</script>';
    const id = await send({ html });
    const body = await get(`/mails/${id}/body`);
    expect(await body.text()).toBe(html);
    const policy = body.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^sandbox; default-src 'none'; img-src data: https:; style-src 'unsafe-inline'/);
    expect(policy).not.toContain('script-src');
    expect(policy).not.toContain('allow-');
    expect(await page(`/mails/${id}?view=html`)).toMatch(
      new RegExp(`<iframe class="panel" sandbox="" src="/mails/${id}/body"`),
    );
  });

  test('a foreign Host is refused, on the inbox and on the API of SES', async () => {
    expect(await statusFor('/', 'evil.example')).toBe(421);
    expect(await statusFor('/v2/email/account', 'evil.example:8025')).toBe(421);
    expect(await statusFor('/', 'ses')).toBe(421);
    for (const host of ['localhost:1', '127.0.0.1', '[::1]:8025']) expect(await statusFor('/', host)).toBe(200);
  });

  test('in a container, names that DNS rebinding cannot use are served too', async () => {
    const container = await startSesStandIn({ host: '0.0.0.0', allowedHosts: ['inbox.internal'] });
    try {
      for (const host of ['ses:8025', '10.0.0.3:8025', 'inbox.internal', 'localhost']) {
        expect(await statusFor('/', host, container.url)).toBe(200);
      }
      expect(await statusFor('/', 'evil.example', container.url)).toBe(421);
    } finally {
      await container.close();
    }
  });

  test.each([
    ['DELETE', '/api/mails'],
    ['PUT', '/api/faults'],
    ['DELETE', '/api/stats'],
    ['POST', '/clear'],
  ])('another site cannot %s %s', async (method, path) => {
    await send();
    const ask = (headers: Record<string, string>) =>
      fetch(standIn.url + path, { method, headers, redirect: 'manual', ...(method === 'PUT' ? { body: '{}' } : {}) });
    for (const origin of ['https://evil.example', 'null', standIn.url.replace('127.0.0.1', 'localhost')]) {
      expect((await ask({ origin })).status).toBe(403);
    }
    expect((await ask({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(standIn.mailbox.size).toBe(1);
    expect((await ask({ origin: standIn.url })).status).toBeLessThan(400);
  });
});

/** `fetch` does not let a test choose the Host. */
function statusFor(path: string, host: string, url = standIn.url): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url + path, { headers: { host } }, (reply) => {
      reply.resume();
      resolve(reply.statusCode ?? 0);
    });
    asked.on('error', reject).end();
  });
}

describe('the pages', () => {
  test('an empty inbox says how to get a mail', async () => {
    expect(await page('/')).toContain('npx rivulet publish user.signed_up --user u_1 --email ada@example.com');
  });

  test('the list is newest first, and searched by recipient without any script', async () => {
    await send({ subject: 'First', to: ['ada@example.com'] });
    await send({ subject: 'Second', to: ['grace@example.com'] });
    await send({ subject: 'Third', to: ['Ada <ADA@example.com>'] });
    const all = await page('/');
    expect([...all.matchAll(/<b>(\w+)<\/b>/g)].map(([, subject]) => subject)).toEqual(['Third', 'Second', 'First']);
    const found = await page('/?to=ada%40');
    expect([...found.matchAll(/<b>(\w+)<\/b>/g)].map(([, subject]) => subject)).toEqual(['Third', 'First']);
    expect(found).toContain('value="ada@"');
    expect(await page('/?to=nobody')).toContain('are to somebody else');
  });

  test('older mails are a page further, and keep the search', async () => {
    for (let n = 0; n < 60; n++) await send({ subject: `Mail ${n}` });
    const first = await page('/?to=ada');
    const next = /href="(\/\?to=ada&amp;before=[^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = await page(next);
    expect(first.match(/class="mail"/g)).toHaveLength(50);
    expect(second.match(/class="mail"/g)).toHaveLength(10);
    expect(second).toContain('Mail 0');
    expect(second).not.toContain('Older mails');
  });

  test('a mail that bounced says so in the list', async () => {
    await send({ to: ['bounce@simulator.amazonses.com'] });
    expect(await page('/')).toContain('<span class="badge">Bounced</span>');
  });

  test('an unknown mail is not found', async () => {
    expect((await get('/mails/none')).status).toBe(404);
    expect((await get('/mails/none/body')).status).toBe(404);
    expect((await get('/api/mails/none/raw')).status).toBe(404);
  });

  test('the inbox is cleared by a plain form', async () => {
    await send();
    const reply = await fetch(`${standIn.url}/clear`, { method: 'POST', redirect: 'manual' });
    expect([reply.status, reply.headers.get('location')]).toEqual([303, '/']);
    expect(standIn.mailbox.size).toBe(0);
  });
});

describe('the API', () => {
  const json = async (path: string) => (await get(path)).json() as Promise<never>;

  test('lists summaries, by filter and page', async () => {
    const first = await send({ subject: 'First' });
    const second = await send({ subject: 'Second', to: ['grace@example.com'], html: '<p>x</p>' });
    expect(await json('/api/mails')).toMatchObject([{ id: second }, { id: first }]);
    expect(await json('/api/mails?to=grace')).toEqual([expect.not.objectContaining({ html: expect.anything() })]);
    expect(await json('/api/mails?subject=first')).toMatchObject([{ id: first }]);
    expect(await json(`/api/mails?limit=1&before=${second}`)).toMatchObject([{ id: first }]);
    expect(await json(`/api/mails?since=${Date.now() + 60_000}`)).toEqual([]);
    expect(await json(`/api/mails?since=${new Date(0).toISOString()}`)).toHaveLength(2);
    for (const wrong of ['limit=0', 'limit=1001', 'limit=x', 'since=yesterday']) {
      expect((await get(`/api/mails?${wrong}`)).status).toBe(400);
    }
  });

  test('gives the whole mail, and the .eml that the recipient would have', async () => {
    const id = await send({ subject: 'Grüße', html: '<p>Hi</p>' });
    expect(await json(`/api/mails/${id}`)).toMatchObject({
      id,
      html: '<p>Hi</p>',
      text: 'Hi',
      tags: { 'rivulet-key': 'k1' },
    });
    const raw = await get(`/api/mails/${id}/raw`);
    expect(raw.headers.get('content-type')).toBe('message/rfc822');
    expect((await PostalMime.parse(await raw.arrayBuffer())).subject).toBe('Grüße');
  });

  test('counts what was accepted, asked and refused', async () => {
    await fetch(`${standIn.url}/api/stats`, { method: 'DELETE' });
    await send();
    await send();
    await send({ to: ['nobody'] }).catch(() => undefined);
    expect(await json('/api/stats')).toMatchObject({
      accepted: 2,
      requests: { SendEmail: 3 },
      refused: { BadRequestException: 1 },
      byTag: { k1: 2 },
      perSecond: { second: expect.any(Number), count: expect.any(Number) },
      busiestWindow: { start: expect.any(Number), count: 2 },
      mailbox: { mails: 2 },
    });
    await fetch(`${standIn.url}/api/mails`, { method: 'DELETE' });
    expect(await json('/api/stats')).toMatchObject({ accepted: 2, mailbox: { mails: 0 } });
  });
});

describe('live updates', () => {
  /** Reads one event stream until it was told `count` times of a change. */
  async function listen(until: (seen: string[]) => boolean, onReady: () => Promise<unknown>): Promise<string[]> {
    const stop = new AbortController();
    const reply = await fetch(`${standIn.url}/events`, { signal: stop.signal });
    const seen: string[] = [];
    const decoder = new TextDecoder();
    for await (const chunk of reply.body ?? []) {
      for (const [, name = ''] of decoder.decode(chunk).matchAll(/^event: (\w+)$/gm)) {
        seen.push(name);
        if (name === 'ready') await onReady();
      }
      if (until(seen)) break;
    }
    stop.abort();
    return seen;
  }

  test('an open page is told of a new mail', async () => {
    expect(
      await listen(
        (seen) => seen.includes('inbox'),
        () => send(),
      ),
    ).toEqual(['ready', 'inbox']);
  });

  test('a burst of mails is told a few times, not once for each', async () => {
    let sent = false;
    const seen = await listen(
      // The last change is always told: an open page must not miss it.
      (events) => sent && events.at(-1) === 'inbox',
      async () => {
        const subjects = Array.from({ length: 40 }, (_, n) => `Mail ${n}`);
        await Promise.all(subjects.map((subject) => send({ subject })));
        sent = true;
      },
    );
    expect(seen.length).toBeLessThan(10);
  });

  test('open pages are bounded, and a closed one makes room', async () => {
    const bounded = await startSesStandIn();
    const stops: AbortController[] = [];
    const open = async () => {
      const stop = new AbortController();
      stops.push(stop);
      return (await fetch(`${bounded.url}/events`, { signal: stop.signal })).status;
    };
    let status = 200;
    while (status === 200 && stops.length < 100) status = await open();
    expect([status, stops.length]).toEqual([503, 51]);

    for (const stop of stops) stop.abort();
    await expect.poll(open).toBe(200);
    await bounded.close();
  });

  test('closing the stand-in ends the streams', async () => {
    const short = await startSesStandIn();
    const reply = await fetch(`${short.url}/events`);
    await short.close();
    await reply.text().catch(() => 'cut off');
  });
});
