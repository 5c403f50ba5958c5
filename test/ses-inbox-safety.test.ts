import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startSesStandIn } from '../local/ses/stand-in.ts';
import { inbox, type Letter } from './support/inbox.ts';

const { local, send, get, page } = inbox();

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
      fetch(local.standIn.url + path, {
        method,
        headers,
        redirect: 'manual',
        ...(method === 'PUT' ? { body: '{}' } : {}),
      });
    for (const origin of ['https://evil.example', 'null', local.standIn.url.replace('127.0.0.1', 'localhost')]) {
      expect((await ask({ origin })).status).toBe(403);
    }
    expect((await ask({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(local.standIn.mailbox.size).toBe(1);
    expect((await ask({ origin: local.standIn.url })).status).toBeLessThan(400);
  });
});

/** `fetch` does not let a test choose the Host. */
function statusFor(path: string, host: string, url = local.standIn.url): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url + path, { headers: { host } }, (reply) => {
      reply.resume();
      resolve(reply.statusCode ?? 0);
    });
    asked.on('error', reject).end();
  });
}
