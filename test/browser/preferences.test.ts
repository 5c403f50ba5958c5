import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { pagesOfThisFile, type Pages } from '../support/pages.ts';

const pages = pagesOfThisFile();

const CHROMIUM = '/usr/bin/chromium';
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const reason = existsSync(CHROMIUM) ? '' : ` (skipped: there is no ${CHROMIUM}; apt-get install chromium)`;
const mail = 'm'.repeat(43);

/** What axe finds wrong. */
interface Findings {
  violations: { id: string; nodes: { failureSummary: string }[] }[];
}

describe.skipIf(reason !== '')(`the pages behind the links of mails, in a browser${reason}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(' ') });
  }, 60_000);
  afterAll(() => browser?.close());

  const opened: Page[] = [];
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.context().close();
  });
  /** A page of its own, and all that the browser complains about. */
  async function open(options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(25_000);
    const page = await context.newPage();
    opened.push(page);
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    return { page, complaints };
  }

  /** Waits until the page says it: a key that is pressed waits for no answer. */
  const says = (page: Page, what: string) => page.getByRole('status').getByText(what, { exact: true }).waitFor();
  const focused = (page: Page) => page.locator(':focus');

  /** Every page there is, by name; each step leads on from the one before. */
  const everyPage = (world: Pages): Record<string, (page: Page) => Promise<unknown>> => {
    const { links, ada } = world;
    const press = (page: Page, name: string) =>
      Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: true }).click()]);
    return {
      'unsubscribe?': (page) => page.goto(links.unsubscribe(ada.user_id, 'offers', mail)),
      unsubscribed: (page) => press(page, 'Unsubscribe'),
      undone: (page) => press(page, 'Undo'),
      preferences: (page) => page.goto(links.preferences(ada.user_id)),
      saved: async (page) => {
        await page.getByRole('checkbox', { name: 'Offers' }).uncheck();
        await press(page, 'Save');
      },
      'nothing at all': (page) => press(page, 'Unsubscribe from all'),
      'undo?': async (page) => {
        const action = await page.locator('.status form').getAttribute('action');
        await page.goto(new URL(action ?? '', page.url()).href);
      },
      'confirm?': (page) => page.goto(links.confirm(ada.user_id, 'asked', world.store.addressHash(ada.email))),
      confirmed: (page) => press(page, 'Confirm'),
      'nothing to confirm': (page) =>
        page.goto(links.confirm(ada.user_id, 'never', world.store.addressHash(ada.email))),
      'not found': (page) => page.goto(`${world.url}/u/wrong`),
      stopped: async (page) => {
        const hash = world.store.addressHash(ada.email);
        await world.store.suppressions.add(hash, { reason: 'complaint', scope: 'all', since: 1, source: 'feedback' });
        await page.goto(links.preferences(ada.user_id));
      },
      'from right to left': async (page) => {
        await world.store.contacts.record(ada.user_id, { locale: 'ar' }, Date.now());
        await page.goto(links.preferences(ada.user_id));
      },
    };
  };
  const asked = async ({ store, ada }: Pages) =>
    store.consents.record(ada.user_id, {
      id: 'asked',
      state: 'pending',
      consent: { topics: ['news'] },
      at: Date.now() + 3_600_000,
    });

  it('can be used with the keyboard alone, and without scripts', async () => {
    const world = await pages();
    const { page } = await open({ javaScriptEnabled: false });
    await page.goto(world.links.unsubscribe(world.ada.user_id, 'offers', mail));
    await page.keyboard.press('Tab');
    expect(await focused(page).textContent()).toBe('Unsubscribe');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });

    await page.keyboard.press('Tab');
    expect(await focused(page).textContent()).toBe('Undo');
    await page.keyboard.press('Tab');
    expect(await focused(page).textContent()).toBe('Choose what you get');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Email preferences' }).waitFor();
    expect(await page.getByRole('checkbox', { name: 'Offers' }).isDisabled()).toBe(true);

    await page.goto(world.links.preferences(world.ada.user_id));
    await page.keyboard.press('Tab');
    expect(await focused(page).getAttribute('value')).toBe('onboarding');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    expect(await focused(page).textContent()).toBe('Save');
    await page.keyboard.press('Enter');
    await says(page, 'Your choice is saved.');
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });

    await page.keyboard.press('Tab');
    expect(await focused(page).textContent()).toBe('Undo');
    await page.keyboard.press('Enter');
    await says(page, 'Undone. Everything is as it was before.');
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });
  });

  it('saves when Enter is pressed on a topic: the quiet button is no default', async () => {
    const world = await pages();
    const { page } = await open();
    await page.goto(world.links.preferences(world.ada.user_id));
    const topics = page.getByRole('group', { name: 'Emails about' });
    await topics.getByRole('checkbox', { name: 'Offers' }).press('Space');
    await topics.getByRole('checkbox', { name: 'Offers' }).press('Enter');
    await says(page, 'Your choice is saved.');
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });
  });

  it('sends its own forms in a way that is not taken for another site', async () => {
    const world = await pages();
    const { page } = await open();
    // As from a webmail: the first page is reached from elsewhere, and its forms are still its own.
    await page.setContent(`<a href="${world.links.preferences(world.ada.user_id)}">Choose</a>`);
    await page.getByText('Choose').click();
    const posted = page.waitForRequest((request) => request.method() === 'POST');
    await page.getByRole('button', { name: 'Unsubscribe from all' }).click();
    await says(page, 'You are unsubscribed from everything.');
    // What older browsers are judged by, and those that reach us without TLS.
    expect((await (await posted).allHeaders())['origin']).toBe(world.url);
    await page.reload();
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
  });

  it('a form of another site is refused by what the browser says about it', async () => {
    const world = await pages();
    const { page } = await open();
    const target = world.links.preferences(world.ada.user_id);
    await page.setContent(
      `<form method="post" action="${target}"><input name="do" value="all"><button>Win a prize</button></form>`,
    );
    const [answer] = await Promise.all([page.waitForResponse(target), page.getByRole('button').click()]);
    expect(answer.status()).toBe(403);
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'granted' });
  });

  it.each<[string, BrowserContextOptions]>([
    ['in light', { colorScheme: 'light' }],
    ['in dark', { colorScheme: 'dark' }],
    ['on a phone of 320 pixels', { colorScheme: 'light', viewport: { width: 320, height: 640 }, hasTouch: true }],
    ['on that phone in dark', { colorScheme: 'dark', viewport: { width: 320, height: 640 }, hasTouch: true }],
  ])(
    'are accessible %s, fit, can be touched, and make the browser complain about nothing',
    async (_how, options) => {
      const world = await pages();
      await asked(world);
      const { page, complaints } = await open(options);
      for (const [name, go] of Object.entries(everyPage(world))) {
        await go(page);
        await page.evaluate(axe.source);
        const found = await page.evaluate<Findings>(
          `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
        );
        const violations = found.violations.map(({ id, nodes }) => [
          id,
          nodes.map(({ failureSummary }) => failureSummary),
        ]);
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        const small = await page.evaluate(
          `[...document.querySelectorAll('button, a, label')].filter((each) => each.getBoundingClientRect().height < 44).map((each) => each.textContent.trim())`,
        );
        expect({ name, violations, overflow, small }).toEqual({ name, violations: [], overflow: 0, small: [] });
      }
      // The page that is not found is, for the browser, a complaint of its own.
      expect(complaints.filter((each) => !each.includes('404'))).toEqual([]);
    },
    60_000,
  );

  it('show where the keyboard is', async () => {
    const world = await pages();
    const { page } = await open();
    await page.goto(world.links.preferences(world.ada.user_id));
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    }
  });

  it.runIf(process.env['RIVULET_SCREENSHOTS'] === '1')('are drawn for the documentation', async () => {
    const world = await pages({ sender: 'Rivulet <hello@example.com>' });
    const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
    const { user_id } = world.ada;
    const { page: desk } = await open({ viewport: { width: 900, height: 540 }, deviceScaleFactor: 2 });
    await desk.goto(world.links.unsubscribe(user_id, 'offers', mail));
    await desk.getByRole('button').click();
    await desk.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
    await desk.screenshot({ path: docs('unsubscribe.png') });
    await desk.goto(world.links.preferences(user_id));
    await desk.getByRole('checkbox', { name: 'Offers' }).check();
    await desk.getByRole('checkbox', { name: 'Getting started' }).uncheck();
    await desk.getByRole('button', { name: 'Save' }).click();
    await says(desk, 'Your choice is saved.');
    await desk.screenshot({ path: docs('preferences.png'), fullPage: true });
    const { page: phone } = await open({
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      colorScheme: 'dark',
    });
    await phone.goto(world.links.preferences(user_id));
    await phone.screenshot({ path: docs('preferences-phone.png'), fullPage: true });
  });
});
