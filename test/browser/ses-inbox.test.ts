import { SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSesStandIn } from '../../local/ses/stand-in.ts';
import type { SesStandIn } from '../../local/ses/stand-in.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const reason = existsSync(CHROMIUM) ? '' : ` (skipped: there is no ${CHROMIUM}; apt-get install chromium)`;

describe.skipIf(reason !== '')(`the inbox in a browser${reason}`, () => {
  let standIn: SesStandIn;
  let ses: SESv2Client;
  let canary: Canary;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(' ') });
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    standIn = await startSesStandIn();
    canary = await startCanary();
    ses = new SESv2Client({
      endpoint: standIn.url,
      region: 'eu-central-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    context = await browser.newContext({ acceptDownloads: false });
    context.setDefaultTimeout(25_000);
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    ses.destroy();
    await standIn.close();
    await canary.close();
  });

  async function send(to: string, subject: string, html = '<p>Hi</p>'): Promise<string> {
    const { MessageId } = await ses.send(
      new SendEmailCommand({
        FromEmailAddress: 'Rivulet <hello@example.com>',
        Destination: { ToAddresses: [to] },
        Content: {
          Simple: { Subject: { Data: subject }, Body: { Html: { Data: html }, Text: { Data: 'Hi' } } },
        },
      }),
    );
    return MessageId ?? '';
  }

  /** Every way out of a mail that is known here. Each would be seen at the canary, in the title or in the inbox. */
  const hostile = () => `
    <meta http-equiv="refresh" content="0;url=${canary.url}/refresh">
    <base href="${canary.url}/" target="_top">
    <title>taken over</title>
    <link rel="stylesheet" href="${canary.url}/style">
    <style>@import url('${canary.url}/import'); body { background: url('${canary.url}/background') }</style>
    <script>
      new Image().src = '${canary.url}/script';
      try { top.document.title = 'taken over' } catch {}
      try { fetch('/clear', { method: 'POST', mode: 'no-cors' }) } catch {}
      try { top.location = '${canary.url}/top' } catch {}
    </script>
    <script src="${canary.url}/external"></script>
    <img src="x:" onerror="new Image().src = '${canary.url}/onerror'">
    <svg onload="new Image().src = '${canary.url}/onload'"></svg>
    <iframe src="${canary.url}/frame"></iframe>
    <iframe srcdoc="<script>new Image().src = '${canary.url}/srcdoc'</script>"></iframe>
    <object data="${canary.url}/object"></object><embed src="${canary.url}/embed">
    <p><a id="out" href="${canary.url}/link" target="_top">Leave</a></p>
    <p><a id="up" href="${canary.url}/popup" target="_blank">New window</a></p>
    <p><a id="run" href="javascript:new Image().src='${canary.url}/javascript'">Run</a></p>
    <form action="${canary.url}/form" method="post" target="_top"><button id="go">Send</button></form>
    <form action="${standIn.url}/clear" method="post"><button id="wipe">Wipe</button></form>
    <p id="end">The end of the mail</p>`;

  test('a hostile mail does nothing at all, not even when everything in it is clicked', async () => {
    const id = await send('ada@example.com', 'Welcome', hostile());
    const address = `${standIn.url}/mails/${id}?view=html`;
    await page.goto(address);
    const mail = page.frameLocator('iframe.panel');
    await mail.locator('#end').waitFor();
    for (const target of ['#out', '#up', '#run', '#go', '#wipe']) await mail.locator(target).click();
    await settled(page);

    expect(page.url()).toBe(address);
    expect(await page.title()).toBe('Welcome');
    expect(context.pages()).toHaveLength(1);
    expect(canary.hits).toEqual([]);
    expect(standIn.mailbox.size).toBe(1);
  });

  test('nor when its body is opened on its own', async () => {
    const id = await send('ada@example.com', 'Welcome', hostile());
    await page.goto(`${standIn.url}/mails/${id}/body`);
    for (const target of ['#run', '#go', '#wipe']) await page.locator(target).click();
    await settled(page);

    expect(canary.hits).toEqual([]);
    expect(standIn.mailbox.size).toBe(1);
    expect(page.url()).toContain('/body');
  });

  test('the same mail without our policies does harm, so the tests above can fail', async () => {
    canary.serve(
      '/control',
      hostile()
        .replace(/<meta[^>]*>/, '')
        .replace(/top\.location = '[^']*'/, ''),
    );
    await page.goto(`${canary.url}/control`);
    await page.locator('#end').waitFor();
    await expect
      .poll(() => canary.hits)
      .toEqual(expect.arrayContaining(['/script', '/external', '/onerror', '/frame']));
    await page.locator('#go').click();
    await expect.poll(() => canary.hits).toContain('/form');
  });

  test('a mail is found by its recipient, opened, and looked at from all sides', async () => {
    await send('ada@example.com', 'For Ada', '<p>Dear Ada, <a href="https://example.com/start">start here</a></p>');
    await send('grace@example.com', 'For Grace');
    await page.goto(standIn.url);
    await expect.poll(() => page.locator('.mail').count()).toBe(2);

    await page.getByRole('searchbox').fill('ADA@');
    await page.getByRole('searchbox').press('Enter');
    await page.getByText('For Ada').click();

    await page.frameLocator('iframe.panel').getByText('Dear Ada').waitFor();
    await page.getByRole('link', { name: 'Links' }).click();
    expect(await page.getByRole('link', { name: 'https://example.com/start' }).getAttribute('rel')).toContain(
      'noopener',
    );
    await page.getByRole('link', { name: 'Headers' }).click();
    await page.getByRole('rowheader', { name: 'Message-ID' }).waitFor();
    await page.getByRole('link', { name: 'Raw' }).click();
    await page.getByText('Content-Type: multipart/alternative').waitFor();
  });

  test('a new mail appears by itself, a search stays as it is, and a cleared inbox empties', async () => {
    await page.goto(standIn.url);
    await page.getByText('No mail yet').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await send('ada@example.com', 'For Ada');
    await page.getByText('For Ada').waitFor();

    await page.goto(`${standIn.url}/?to=grace`);
    await page.getByText('Live', { exact: true }).waitFor();
    await send('ada@example.com', 'Again for Ada');
    await send('grace@example.com', 'For Grace');
    await page.getByText('For Grace').waitFor();
    expect(await page.locator('.mail').count()).toBe(1);

    standIn.mailbox.clear();
    await page.getByText('No mail yet').waitFor();
  });

  test('everything but the live update works without script', async () => {
    await send('ada@example.com', 'For Ada');
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const still = await plain.newPage();
    await still.goto(standIn.url);
    await still.getByRole('searchbox').fill('ada');
    await still.getByRole('button', { name: 'Search' }).click();
    await still.getByText('For Ada').click();
    await still.frameLocator('iframe.panel').getByText('Hi').waitFor();
    await still.goto(standIn.url);
    await still.getByRole('button', { name: 'Clear inbox' }).click();
    await still.getByText('No mail yet').waitFor();
    await plain.close();
  });

  test('the pages break no policy of their own and fit a phone', async () => {
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    const id = await send('a-very-long-address-that-wants-to-be-wide@subdomain.of.example.com', 'W'.repeat(200));
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of [
      '/',
      '/?to=nobody',
      ...['html', 'text', 'links', 'headers', 'raw'].map((view) => `/mails/${id}?view=${view}`),
    ]) {
      await page.goto(standIn.url + path);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect([path, overflow]).toEqual([path, 0]);
    }
    expect(complaints).toEqual([]);
  });
});

/** Long enough for what a click starts to have arrived: two frames drawn, and a request of our own after it answered. */
async function settled(page: Page): Promise<void> {
  await page.screenshot();
  await page.context().request.get(new URL('/healthz', page.url()).href);
  await page.screenshot();
}

interface Canary {
  url: string;
  /** The paths that were asked for. */
  hits: string[];
  serve(path: string, html: string): void;
  close(): Promise<void>;
}

/** A server that nobody should ever talk to. */
async function startCanary(): Promise<Canary> {
  const hits: string[] = [];
  const pages = new Map<string, string>();
  const server: Server = createServer((request, reply) => {
    const html = pages.get(request.url ?? '');
    if (html === undefined) hits.push(request.url ?? '');
    reply.writeHead(200, { 'content-type': html === undefined ? 'text/plain' : 'text/html' }).end(html ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    serve: (path, html) => void pages.set(path, html),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
