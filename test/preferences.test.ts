import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { configSchema } from '../config/schema.ts';
import { topicWords, languageOf } from '../ingress/pages/language.ts';
import { pagesOfThisFile, topics } from './support/pages.ts';
import { leavingAll, preferencesOf, ticking } from './support/preferences.ts';

const pages = pagesOfThisFile();

describe('the preference centre', () => {
  it('shows every topic, ticked when the person gets it, and changes nothing by that', async () => {
    const world = await pages();
    await world.post(preferencesOf(world), ticking('onboarding'));
    const { records } = world;
    const before = await records();
    const page = await world.get(preferencesOf(world));
    expect(page.status).toBe(200);
    expect(page.ticked).toEqual(['onboarding']);
    for (const { title, description } of Object.values(topics)) {
      expect(page.html).toContain(title);
      expect(page.html).toContain(description);
    }
    expect(page.html).not.toContain(world.ada.email);
    expect(await records()).toBe(before);
  });

  it('ticks what nobody objected to only where an opt-out is what counts', async () => {
    const world = await pages();
    const grace = `grace_${randomUUID()}`;
    await world.store.contacts.record(grace, { country: 'US' }, Date.now());
    expect((await world.get(world.links.preferences(grace))).ticked).toEqual(['onboarding', 'offers']);
    await world.store.contacts.record(grace, { country: 'DE' }, Date.now());
    expect((await world.get(world.links.preferences(grace))).ticked).toEqual([]);
  });

  it('ticks nothing at an address that an import has unsubscribed, and what is ticked then counts', async () => {
    const world = await pages();
    const hash = world.store.addressHash(world.ada.email);
    const left = { reason: 'unsubscribed', scope: 'marketing', since: Date.now(), source: 'import' } as const;
    await world.store.suppressions.add(hash, left);
    expect((await world.get(preferencesOf(world))).ticked).toEqual([]);
    const page = await world.post(preferencesOf(world), ticking('offers'));
    expect(page.ticked).toEqual(['offers']);
    const ofOffers = (await world.store.consents.now(world.ada.user_id))['offers'];
    expect(ofOffers?.state).toBe('granted');
    expect(ofOffers?.captured_at).toBeGreaterThan(left.since);
  });

  it('saves what differs and nothing else', async () => {
    const world = await pages();
    const off = await world.post(preferencesOf(world), ticking('onboarding'));
    expect(off).toMatchObject({ status: 200, said: 'Your choice is saved.', ticked: ['onboarding'] });
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });
    expect(world.published).toMatchObject([
      { event_type: 'consent.revoked', payload: { consent: { topics: ['offers'], source: 'preference centre' } } },
    ]);

    const same = await world.post(preferencesOf(world), ticking('onboarding'));
    expect(same.said).toBe('Nothing has changed: it already was as you chose.');
    expect(same.forms).not.toHaveProperty('Undo');
    expect(world.published).toHaveLength(1);
  });

  it('records a yes with the words that were shown', async () => {
    const world = await pages();
    await world.post(preferencesOf(world), ticking('onboarding'));
    const page = await world.post(preferencesOf(world), ticking('offers'));
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
    const record = (await world.store.consents.history(world.ada.user_id)).find(
      ({ topic, source, state }) => topic === 'offers' && source === 'preference centre' && state === 'granted',
    );
    expect(record).toMatchObject({ basis: 'consent', locale: 'en-GB' });
    const [named, sentence = ''] = record?.wording?.split('\n') ?? [];
    expect(named).toBe('Offers: What is new and what costs less, once a month at most.');
    expect(sentence).toMatch(/^By saving I agree that Tea & Company may email me/);
    expect(page.html).toContain(sentence.replace('&', '&amp;'));
    const types = world.published.map(({ event_type }) => event_type).slice(1);
    expect(types).toEqual(['consent.revoked', 'consent.granted']);
    expect(record?.id).toBe(`${world.published.at(-1)?.event_id}/offers`);
  });

  it('does not take a topic that was not on the page for a no, nor one that nobody knows for anything', async () => {
    const world = await pages();
    const form: [string, string][] = [
      ['topic', 'gossip'],
      ['shown', 'gossip'],
      ['shown', 'offers'],
      ['topic', '*'],
      ['shown', '*'],
      ['do', 'save'],
    ];
    await world.post(preferencesOf(world), form);
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });
    expect(world.published).toMatchObject([{ payload: { consent: { topics: ['offers'] } } }]);
  });

  it.each<[string, [string, string][]]>([
    ['an empty body', []],
    ['the one click of a mail program', [['List-Unsubscribe', 'One-Click']]],
    ['a button that is not there', [['do', 'delete']]],
  ])('changes nothing for %s', async (_what, form) => {
    const world = await pages();
    const page = await world.post(preferencesOf(world), form);
    expect(page).toMatchObject({ status: 200, ticked: ['onboarding', 'offers'] });
    expect([await world.records(), world.published]).toEqual([2, []]);
  });

  it('reads no more than a form has', async () => {
    const world = await pages();
    const page = await world.post(preferencesOf(world), [
      ['do', 'all'],
      ['x', 'x'.repeat(70_000)],
    ]);
    expect(page.status).toBe(413);
    expect(world.published).toEqual([]);
  });

  it('tells that mail is stopped, and why, but not more', async () => {
    const world = await pages();
    const hash = world.store.addressHash(world.ada.email);
    const add = (reason: 'complaint' | 'hard_bounce' | 'manual') =>
      world.store.suppressions.add(hash, { reason, scope: 'all', since: 1, source: 'feedback' });
    const page = async () => (await world.get(preferencesOf(world))).html;
    await add('manual');
    expect(await page()).not.toContain('class="notice"');
    await add('hard_bounce');
    expect(await page()).toContain('could not be delivered to your address');
    await add('complaint');
    expect(await page()).toContain('reported as spam');
    expect(await page()).not.toContain(world.ada.email);
  });

  it('says when something it needs is away, and claims nothing', async () => {
    const world = await pages();
    world.recordBecomesUnavailable();
    for (const answer of [
      await world.get(preferencesOf(world)),
      await world.post(preferencesOf(world), ticking()),
      await world.get(world.links.confirm(world.ada.user_id, 'e', world.store.addressHash(world.ada.email))),
      await world.post(world.links.confirm(world.ada.user_id, 'e', world.store.addressHash(world.ada.email))),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('60');
    }
    expect(world.published).toEqual([]);
    const everything = await world.post(preferencesOf(world), leavingAll);
    expect(everything.status).toBe(200);
    expect(world.published).toMatchObject([{ payload: { consent: { topics: ['*'] } } }]);
    world.publishingFails();
    expect((await world.post(preferencesOf(world), leavingAll)).status).toBe(503);
  });
});

describe('unsubscribing from all', () => {
  it('ends every topic by its name, and those of the future', async () => {
    const world = await pages();
    const page = await world.post(preferencesOf(world), leavingAll);
    expect(page).toMatchObject({ status: 200, said: 'You are unsubscribed from everything.', ticked: [] });
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
    expect(await world.store.consents.stateOf(world.ada.user_id, 'of-the-future')).toBe('revoked');
    expect(world.published).toMatchObject([{ payload: { consent: { topics: ['*', 'onboarding', 'offers'] } } }]);
    await world.post(preferencesOf(world), leavingAll);
    expect(world.published).toHaveLength(1);
  });

  it('and then ticking one topic again gives that one', async () => {
    const world = await pages();
    await world.post(preferencesOf(world), leavingAll);
    const page = await world.post(preferencesOf(world), ticking('offers'));
    expect(page.ticked).toEqual(['offers']);
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
  });
});

it('somebody who was erased sees what anybody sees, and nothing is recorded or told', async () => {
  const world = await pages();
  const erased = `erased_${randomUUID()}`;
  const url = world.links.preferences(erased);
  const ticked = await world.post(url, ticking('offers'));
  expect(ticked).toMatchObject({ status: 200, said: 'Your choice is saved.', ticked: ['offers'] });
  expect((await world.post(ticked.forms['Undo'] ?? '')).status).toBe(200);
  expect(await world.post(url, leavingAll)).toMatchObject({
    status: 200,
    said: 'You are unsubscribed from everything.',
  });
  expect((await world.post(world.links.confirm(erased, 'e', world.store.addressHash(world.ada.email)))).html).toContain(
    'Nothing to confirm',
  );
  expect(await world.store.consents.history(erased)).toEqual([]);
  expect(world.published).toEqual([]);
});

describe('the language', () => {
  const said = { 'accept-language': 'fr;q=0.5, de-CH, en;q=0.8' };

  it('is the person’s own, else the browser’s, else English', async () => {
    const world = await pages();
    expect((await world.get(preferencesOf(world), said)).html).toContain('<html lang="en" dir="ltr">');
    const grace = `grace_${randomUUID()}`;
    await world.store.contacts.record(grace, { name: 'Grace' }, 1);
    const url = world.links.preferences(grace);
    expect((await world.get(url, said)).html).toContain('<html lang="de" dir="ltr">');
    expect((await world.get(url, { 'accept-language': 'tlh, *' })).html).toContain('<html lang="en" dir="ltr">');
    await world.store.contacts.record(grace, { locale: 'tlh' }, 2);
    expect((await world.get(url, { 'accept-language': 'es-MX' })).html).toContain('Preferencias de correo');
  });

  it('is read from right to left where that is how it is read', async () => {
    const world = await pages();
    await world.store.contacts.record(world.ada.user_id, { locale: 'ar-EG' }, Date.now());
    const { html } = await world.get(preferencesOf(world));
    expect(html).toContain('<html lang="ar" dir="rtl">');
    expect(html).toContain(topics.offers.translations.ar.title);
  });

  it('of a topic is the nearest one it has words in', () => {
    const { topics: configured } = configSchema.parse({
      topics: {
        offers: {
          title: 'Offers',
          translations: { de: { title: 'Angebote' }, 'de-CH': { title: 'Aktionen' }, pt: { title: 'Ofertas' } },
        },
      },
    });
    const title = (locale: string) => topicWords(configured, 'offers', languageOf(locale, undefined))?.title;
    expect(['de-CH', 'DE-ch', 'de-AT', 'pt-BR', 'fr', 'en'].map(title)).toEqual([
      'Aktionen',
      'Aktionen',
      'Angebote',
      'Ofertas',
      'Offers',
      'Offers',
    ]);
    expect(topicWords(configured, 'constructor', languageOf('en', undefined))).toBeUndefined();
  });
});

it('a topic with markup in its title shows it as text', async () => {
  const world = await pages({
    topics: { offers: { title: '<b onclick="x">Tea & Co</b>', description: '"><script>' } },
  });
  const { html } = await world.get(preferencesOf(world));
  expect(html).toContain('&lt;b onclick=&quot;x&quot;&gt;Tea &amp; Co&lt;/b&gt;');
  expect(html).not.toContain('<script');
});
