import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import { provisionNats, publishEvent } from '../../ingress/nats.ts';
import { connectTo } from '../support/connect-to.ts';
import { type SesStandIn, startSesStandIn } from '../../local/ses/stand-in.ts';
import { ownDatabase } from '../support/database.ts';
import { person, signedUp } from '../support/events.ts';
import { secret } from '../support/secrets.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const reason = existsSync(CHROMIUM) ? '' : ` (skipped: there is no ${CHROMIUM}; apt-get install chromium)`;
const project = fileURLToPath(new URL('../..', import.meta.url));
const own = ownDatabase();

/** What axe finds wrong. */
interface Findings {
  violations: { id: string; nodes: { failureSummary: string }[] }[];
}

describe.skipIf(reason !== '')(`the preview in a browser${reason}`, () => {
  const servers = inject('servers');
  let folder: string;
  let standIn: SesStandIn;
  let preview: ChildProcess;
  let url: string;
  let browser: Browser;
  const opened: Page[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rivulet-preview-'));
    cpSync(join(project, 'templates'), join(folder, 'templates'), { recursive: true });
    const rules = readFileSync(join(project, 'rivulet.yaml'), 'utf8');
    writeFileSync(join(folder, 'rivulet.yaml'), rules.replace("'rivulet:'", `'preview-${randomUUID()}:'`));
    standIn = await startSesStandIn();
    const { connection, js, manager } = await connectTo(servers.nats);
    const settings = { maxAgeMs: 604_800_000, maxAckPending: 1_000, retries: 'MARKETING_RETRY' };
    const stream = { connection, js, manager };
    await provisionNats(stream, { events: 'MARKETING_EVENTS', deadLetters: 'MARKETING_DLQ', ...settings });
    await publishEvent(stream, signedUp(person('ada'), { plan: 'team' }));
    await connection.close();
    ({ preview, url } = await startPreview());
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(' ') });
  }, 60_000);
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    const ended = once(preview, 'exit');
    preview.kill('SIGTERM');
    const [code] = await ended;
    await standIn.close();
    rmSync(folder, { recursive: true, force: true });
    expect(code).toBe(0);
  });

  /** The process as `npm start` starts it. */
  async function startPreview(): Promise<{ preview: ChildProcess; url: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'preview/main.ts'], {
      cwd: project,
      env: {
        ...process.env,
        RIVULET_CONFIG: join(folder, 'rivulet.yaml'),
        RIVULET_SECRET: secret,
        NATS_URL: servers.nats,
        REDIS_URL: servers.redis,
        POSTGRES_URL: own.url,
        AWS_REGION: 'eu-central-1',
        AWS_ENDPOINT_URL_SESV2: standIn.url,
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        HTTP_PORT: '0',
        LOG_LEVEL: 'info',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      return { preview: child, url: (JSON.parse(line) as { url: string }).url };
    }
    throw new Error(`the preview ended with ${child.exitCode} before it listened`);
  }

  /** A page of its own that follows what is saved, and all that the browser complains about. */
  async function open(
    path: string,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    context.setDefaultTimeout(25_000);
    const page = await context.newPage();
    opened.push(page);
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url + path);
    if (options.javaScriptEnabled !== false) await page.getByText('Live', { exact: true }).waitFor();
    return { page, complaints };
  }

  const mail = (page: Page) => page.frameLocator('.client:not(.pairwise) iframe');
  const choose = (page: Page, name: string) => page.locator('.choice').getByText(name, { exact: true }).click();
  const background = (page: Page) =>
    mail(page)
      .locator('.card')
      .first()
      .evaluate((card) => (globalThis as any).getComputedStyle(card).backgroundColor as string);
  function save(file: string, change: (text: string) => string): void {
    const path = join(folder, 'templates', file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  }

  it('shows a template in each of its languages, and for any reader', async () => {
    const { page } = await open('/?template=welcome');
    await mail(page).getByRole('heading', { name: 'Welcome, Ada Lovelace' }).waitFor();
    await choose(page, 'Deutsch');
    await mail(page).getByRole('heading', { name: 'Willkommen, Ada Lovelace' }).waitFor();
    expect(new URL(page.url()).searchParams.get('locale')).toBe('de');

    await page.getByLabel('Somebody who reads').fill('pt-BR');
    await page.keyboard.press('Enter');
    await page.getByText('gets pt, the closest').waitFor();
    await mail(page).getByText('Boas-vindas').first().waitFor();

    await page.goBack();
    await mail(page).getByRole('heading', { name: 'Willkommen, Ada Lovelace' }).waitFor();
  });

  it('shows it in the dark and on a phone, and its address shows another the same', async () => {
    const { page } = await open('/?template=receipt');
    expect(await background(page)).toBe('rgb(255, 255, 255)');
    await choose(page, 'Dark');
    await expect.poll(() => background(page)).toBe('rgb(29, 35, 44)');
    await choose(page, 'Phone');
    await page.locator('.client.phone').waitFor();
    expect((await page.locator('.client iframe').boundingBox())?.width).toBe(375);

    // A person who likes the dark sees light what is to be seen light.
    const again = await open(new URL(page.url()).pathname + new URL(page.url()).search);
    await again.page.locator('.client.phone').waitFor();
    expect(await background(again.page)).toBe('rgb(29, 35, 44)');
    const { page: light } = await open('/?template=receipt', { colorScheme: 'dark' });
    expect(await background(light)).toBe('rgb(255, 255, 255)');
  });

  it('shows the mail from all sides', async () => {
    const { page, complaints } = await open('/?template=cart-reminder');
    const tab = (name: string) => page.locator('#tabs').getByRole('link', { name }).click();
    await tab('Text');
    await page.locator('pre.text').getByText('2 x Darjeeling').waitFor();
    await tab('Source');
    await page.getByText('cart-reminder/mail.de.txt').waitFor();
    await tab('Headers');
    await page.getByRole('rowheader', { name: 'List-Unsubscribe-Post' }).waitFor();
    await tab('Versions');
    await page.getByText('This template was never published.').waitFor();
    await tab('HTML');
    await mail(page).getByText('Back to your cart').waitFor();
    // What the policy of the mail's own frame keeps out is no fault of the page.
    expect(complaints.filter((text) => !text.includes('Content Security Policy'))).toEqual([]);
  });

  it('follows what is saved: a new word, a mistake beside the last good mail, and its mending', async () => {
    const { page } = await open('/?template=invite-team');
    await mail(page).getByText('Invite').first().waitFor();
    save('partials/footer.mjml', (text) => text.replace('1 Example Street', '2 Example Street'));
    await mail(page).getByText('2 Example Street').waitFor();

    save('invite-team/mail.mjml', (text) => text.replace('</mj-text>', '</mj-txt>'));
    await page
      .getByRole('alert')
      .getByText(/invite-team\/mail\.mjml:\d+/)
      .waitFor();
    await mail(page).getByText('2 Example Street').waitFor();
    expect(await page.locator('#templates [aria-current] .mark.error').textContent()).toMatch(/^\d+ error/);

    save('invite-team/mail.mjml', (text) => text.replace('</mj-txt>', '</mj-text>'));
    await page.getByRole('alert').waitFor({ state: 'detached' });
    save('partials/footer.mjml', (text) => text.replace('2 Example Street', '1 Example Street'));
    await mail(page).getByText('1 Example Street').waitFor();
  });

  it('fills the mail with what is typed and with a real event, and says what is wrong with it', async () => {
    const { page } = await open('/?template=welcome');
    const json = page.getByLabel('As JSON, to be changed');
    await json.fill('{"person": {"name": "Grace"}, "event": {"plan": "basic"}}');
    await mail(page).getByText('on the basic plan').waitFor();
    await json.fill('{"person": ');
    await page.locator('#json-problem').getByText('it is not JSON').waitFor();
    await mail(page).getByText('on the basic plan').waitFor();

    const from = page.getByLabel('Fill in with');
    const event = await from.locator('option', { hasText: 'user.signed_up #' }).first().getAttribute('value');
    await from.selectOption(event);
    await mail(page).getByRole('heading', { name: 'Welcome, Ada', exact: true }).waitFor();
    await page.getByRole('link', { name: 'Back to the sample' }).click();
    await mail(page).getByRole('heading', { name: 'Welcome, Ada Lovelace' }).waitFor();
  });

  it('sends a test mail to the seeds', async () => {
    const { page } = await open('/?template=welcome&locale=de');
    await page.getByRole('button', { name: 'Send to seed list' }).click();
    await page.getByText('Sent to seed-one@example.com, seed-two@example.com.').waitFor();
    const mails = standIn.mailbox.list({ subject: '[test] Willkommen' }, { limit: 10, before: undefined });
    expect(mails.map(({ to }) => to[0]).toSorted()).toEqual(['seed-one@example.com', 'seed-two@example.com']);
  });

  it('works by the keyboard, and by links alone where there is no script', async () => {
    const { page } = await open('/?template=welcome');
    const dark = page.locator('.choice').getByText('Dark', { exact: true });
    await dark.focus();
    await page.keyboard.press('Enter');
    await page.locator('.client[data-scheme=dark]').waitFor();
    expect(await page.locator(':focus').textContent()).toContain('Dark');

    const { page: still } = await open('/?template=welcome', { javaScriptEnabled: false });
    await choose(still, 'Deutsch');
    await mail(still).getByRole('heading', { name: 'Willkommen, Ada Lovelace' }).waitFor();
    await still.getByLabel('Somebody who reads').fill('ar');
    await still.getByRole('button', { name: 'Show' }).click();
    await mail(still).getByText('مرحبًا').first().waitFor();
  });

  for (const [device, options] of Object.entries({
    'a laptop': {},
    'a laptop in the dark': { colorScheme: 'dark' as const },
    'a phone': { viewport: { width: 375, height: 812 } },
  })) {
    it(`fits ${device} and can be used by everybody there`, async () => {
      const { page } = await open('/?template=welcome', options);
      for (const path of [
        ...['html', 'text', 'source', 'headers', 'versions'].map((tab) => `/?template=cart-reminder&tab=${tab}`),
        '/?template=welcome&locale=ar&width=phone&dark=1',
        '/?template=welcome&zone=Mars&locale=de-AT',
        '/?template=nothing',
      ]) {
        await page.goto(url + path);
        await page.evaluate(axe.source);
        const found = await page.evaluate<Findings>(
          `axe.run(document, { iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
        );
        const violations = found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.failureSummary)]);
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect({ path, violations, overflow }).toEqual({ path, violations: [], overflow: 0 });
      }
    });
  }

  it.runIf(process.env['RIVULET_SCREENSHOTS'] === '1')('has its pictures in the docs', async () => {
    const pictures: Record<string, [string, BrowserContextOptions?]> = {
      desktop: ['/?template=cart-reminder'],
      phone: ['/?template=cart-reminder&width=phone&locale=de'],
      dark: ['/?template=receipt&dark=1', { colorScheme: 'dark' }],
      rtl: ['/?template=welcome&locale=ar'],
    };
    for (const [name, [path, options]] of Object.entries(pictures)) {
      const { page } = await open(path, options);
      await mail(page).locator('h1').first().waitFor();
      await page.screenshot({ path: join(project, `docs/images/preview-${name}.png`) });
    }
  });
});
