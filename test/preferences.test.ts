import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { configSchema } from '../config/schema.ts';
import { topicWords, languageOf } from '../ingress/pages/language.ts';
import { type Pages, pages, topics } from './support/pages.ts';

const preferencesOf = ({ links, ada }: Pages) => links.preferences(ada.user_id);

/** The form as a browser sends it when these are ticked. */
const ticking = (...ticked: string[]): [string, string][] => [
  ...ticked.map((topic): [string, string] => ['topic', topic]),
  ...Object.keys(topics).map((topic): [string, string] => ['shown', topic]),
  ['do', 'save'],
];
const all: [string, string][] = [['do', 'all']];

async function asks(world: Pages, topicsAsked: string[], id: string = randomUUID(), at = Date.now()): Promise<string> {
  const consent = {
    topics: topicsAsked,
    source: 'the form at the counter',
    wording: 'Yes, write to me.',
    locale: 'en',
  };
  await world.memory.consents.record(world.ada.user_id, { id, state: 'pending', consent, at });
  return world.links.confirm(world.ada.user_id, id);
}

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
    await world.memory.contacts.record(grace, { country: 'US' }, Date.now());
    expect((await world.get(world.links.preferences(grace))).ticked).toEqual(['onboarding', 'offers']);
    await world.memory.contacts.record(grace, { country: 'DE' }, Date.now());
    expect((await world.get(world.links.preferences(grace))).ticked).toEqual([]);
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
    const record = (await world.memory.consents.history(world.ada.user_id)).find(
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
    const hash = world.memory.addressHash(world.ada.email);
    const add = (reason: 'complaint' | 'hard_bounce' | 'manual') =>
      world.memory.suppressions.add(hash, { reason, scope: 'all', since: 1, source: 'feedback' });
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
    world.redisGoesAway();
    for (const answer of [
      await world.get(preferencesOf(world)),
      await world.post(preferencesOf(world), ticking()),
      await world.get(world.links.confirm(world.ada.user_id, 'e')),
      await world.post(world.links.confirm(world.ada.user_id, 'e')),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('60');
    }
    expect(world.published).toEqual([]);
    const everything = await world.post(preferencesOf(world), all);
    expect(everything.status).toBe(200);
    expect(world.published).toMatchObject([{ payload: { consent: { topics: ['*'] } } }]);
    world.publishingFails();
    expect((await world.post(preferencesOf(world), all)).status).toBe(503);
  });
});

describe('unsubscribing from all', () => {
  it('ends every topic by its name, and those of the future', async () => {
    const world = await pages();
    const page = await world.post(preferencesOf(world), all);
    expect(page).toMatchObject({ status: 200, said: 'You are unsubscribed from everything.', ticked: [] });
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
    expect(await world.memory.consents.stateOf(world.ada.user_id, 'of-the-future')).toBe('revoked');
    expect(world.published).toMatchObject([{ payload: { consent: { topics: ['*', 'onboarding', 'offers'] } } }]);
    await world.post(preferencesOf(world), all);
    expect(world.published).toHaveLength(1);
  });

  it('and then ticking one topic again gives that one', async () => {
    const world = await pages();
    await world.post(preferencesOf(world), all);
    const page = await world.post(preferencesOf(world), ticking('offers'));
    expect(page.ticked).toEqual(['offers']);
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
  });
});

describe('undo', () => {
  it('gives back what was ended, and takes back what was begun', async () => {
    const world = await pages();
    await world.post(preferencesOf(world), ticking('onboarding'));
    const changed = await world.post(preferencesOf(world), ticking('offers'));
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
    const undone = await world.post(changed.forms['Undo'] ?? '');
    expect(undone).toMatchObject({ status: 200, ticked: ['onboarding'] });
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });
  });

  it('gives back all that "all" has ended', async () => {
    const world = await pages();
    await world.post(preferencesOf(world), ticking('offers'));
    const page = await world.post(preferencesOf(world), all);
    const undone = await world.post(page.forms['Undo'] ?? '');
    expect(undone.ticked).toEqual(['offers']);
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
  });

  it('asks first when its address is merely opened', async () => {
    const world = await pages();
    const { forms } = await world.post(preferencesOf(world), all);
    const url = forms['Undo'] ?? '';
    const page = await world.get(url);
    expect(page.forms).toEqual({ Undo: url });
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
  });

  it('works for half an hour and then says so', async () => {
    const world = await pages();
    const { forms } = await world.post(preferencesOf(world), all);
    const url = forms['Undo'] ?? '';
    world.later(29 * 60_000);
    expect((await world.get(url)).status).toBe(200);
    world.later(2 * 60_000);
    for (const page of [await world.get(url), await world.post(url)]) {
      expect(page.status).toBe(410);
      expect(page.html).toContain('Too late to undo');
    }
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
    expect(world.published).toHaveLength(1);
  });

  it('a second time does nothing, and leaves alone what was said after the change', async () => {
    const world = await pages();
    const { forms } = await world.post(preferencesOf(world), ticking('onboarding'));
    const url = forms['Undo'] ?? '';
    await world.post(url);
    const events = world.published.length;
    await world.post(url);
    expect(world.published).toHaveLength(events);
    await world.post(preferencesOf(world), all);
    await world.post(url);
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
  });

  it('changes nothing where it is posted to the way out', async () => {
    const world = await pages();
    const { forms } = await world.post(preferencesOf(world), all);
    expect((await world.post((forms['Undo'] ?? '').replace('/preferences/', '/u/'))).status).toBe(404);
    expect(
      (await world.post(world.links.unsubscribe(world.ada.user_id, 'offers', 'm').replace('/u/', '/preferences/')))
        .status,
    ).toBe(404);
  });
});

describe('confirming a subscription', () => {
  const fresh = async () => {
    const world = await pages();
    await world.post(preferencesOf(world), all);
    world.published.length = 0;
    return world;
  };

  it('is asked for first: opening the link confirms nothing', async () => {
    const world = await fresh();
    const url = await asks(world, ['offers', 'onboarding'], undefined, Date.now() + 10);
    const page = await world.get(url);
    expect(page.html).toContain('Confirm your subscription');
    expect(page.html).toContain('Getting started');
    expect(page.forms).toEqual({ Confirm: url });
    expect(await world.states()).toEqual({ onboarding: 'pending', offers: 'pending' });
    expect(world.published).toEqual([]);
  });

  it('grants all that was asked for in one event, with the words of then, once', async () => {
    const world = await fresh();
    const url = await asks(world, ['offers', 'onboarding'], 'asked-1', Date.now() + 10);
    const page = await world.post(url);
    expect(page.html).toContain('You are subscribed');
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'granted' });
    expect(world.published).toHaveLength(1);
    const { consent, request } = world.published[0]?.payload ?? {};
    expect(request).toBe('asked-1');
    expect(world.published[0]?.event_type).toBe('consent.granted');
    expect(consent?.topics.toSorted()).toEqual(['offers', 'onboarding']);
    expect(consent).toMatchObject({
      basis: 'consent',
      source: 'the form at the counter',
      wording: 'Yes, write to me.',
      confirmed_at: consent?.captured_at,
      evidence: 'asked-1',
    });
    const again = await world.post(url);
    expect(again.html).toContain('You are subscribed');
    expect((await world.get(url)).html).toContain('You are subscribed');
    expect(world.published).toHaveLength(1);
  });

  it('does not confirm what another event asked for', async () => {
    const world = await fresh();
    const later = Date.now() + 10;
    await asks(world, ['onboarding'], 'asked-11', later);
    const url = await asks(world, ['offers'], 'asked-1', later);
    await world.post(url);
    expect(await world.states()).toEqual({ onboarding: 'pending', offers: 'granted' });
  });

  it('has nothing to confirm when they opted out after they asked, or never asked', async () => {
    const world = await pages();
    const before = await asks(world, ['news'], undefined, Date.now() - 1_000);
    await world.post(preferencesOf(world), all);
    world.published.length = 0;
    for (const url of [
      before,
      world.links.confirm(world.ada.user_id, 'never'),
      world.links.confirm(world.ada.user_id, ''),
    ]) {
      expect((await world.get(url)).html).toContain('Nothing to confirm');
      expect((await world.post(url)).html).toContain('Nothing to confirm');
    }
    expect(world.published).toEqual([]);
    expect(await world.memory.consents.stateOf(world.ada.user_id, 'news')).toBe('revoked');
  });
});

describe('a form that another site sends', () => {
  it.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sister site', { 'sec-fetch-site': 'same-site' }],
    ['another origin', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
    ['no origin to name', { 'sec-fetch-site': '', origin: 'null' }],
  ])('is refused when it comes from %s', async (_who, { 'sec-fetch-site': site, ...headers }) => {
    const world = await pages();
    const asked = await asks(world, ['news']);
    const change = await world.post(preferencesOf(world), ticking('onboarding'));
    const before = await world.records();
    for (const url of [preferencesOf(world), change.forms['Undo'] ?? '', asked]) {
      const answer = await fetch(url, {
        method: 'POST',
        body: new URLSearchParams(all),
        headers: { ...(site ? { 'sec-fetch-site': site } : {}), ...headers },
      });
      expect(answer.status).toBe(403);
    }
    expect(await world.records()).toBe(before);
    expect(world.published).toHaveLength(1);
  });

  it.each<[string, Record<string, string>]>([
    ['the page itself', { 'sec-fetch-site': 'same-origin' }],
    ['nobody but the person', { 'sec-fetch-site': 'none' }],
    ['the public name, through a proxy that has another', { origin: 'https://mail.example.com' }],
    ['a browser that says nothing', {}],
  ])('is taken from %s', async (_who, headers) => {
    const world = await pages();
    const answer = await fetch(preferencesOf(world), { method: 'POST', body: new URLSearchParams(all), headers });
    expect(answer.status).toBe(200);
    expect(world.published).toHaveLength(1);
  });

  it('is taken from the name under which it was asked for', async () => {
    const world = await pages();
    const headers = { origin: world.url };
    const answer = await fetch(preferencesOf(world), { method: 'POST', body: new URLSearchParams(all), headers });
    expect(answer.status).toBe(200);
  });

  it('is not what a link in a webmail is', async () => {
    const world = await pages();
    expect((await world.get(preferencesOf(world), { 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });
});

it('somebody who was erased sees what anybody sees, and nothing is recorded or told', async () => {
  const world = await pages();
  const erased = `erased_${randomUUID()}`;
  const url = world.links.preferences(erased);
  const ticked = await world.post(url, ticking('offers'));
  expect(ticked).toMatchObject({ status: 200, said: 'Your choice is saved.', ticked: ['offers'] });
  expect((await world.post(ticked.forms['Undo'] ?? '')).status).toBe(200);
  expect(await world.post(url, all)).toMatchObject({ status: 200, said: 'You are unsubscribed from everything.' });
  expect((await world.post(world.links.confirm(erased, 'e'))).html).toContain('Nothing to confirm');
  expect(await world.memory.consents.history(erased)).toEqual([]);
  expect(world.published).toEqual([]);
});

describe('the language', () => {
  const said = { 'accept-language': 'fr;q=0.5, de-CH, en;q=0.8' };

  it('is the person’s own, else the browser’s, else English', async () => {
    const world = await pages();
    expect((await world.get(preferencesOf(world), said)).html).toContain('<html lang="en" dir="ltr">');
    const grace = `grace_${randomUUID()}`;
    await world.memory.contacts.record(grace, { name: 'Grace' }, 1);
    const url = world.links.preferences(grace);
    expect((await world.get(url, said)).html).toContain('<html lang="de" dir="ltr">');
    expect((await world.get(url, { 'accept-language': 'tlh, *' })).html).toContain('<html lang="en" dir="ltr">');
    await world.memory.contacts.record(grace, { locale: 'tlh' }, 2);
    expect((await world.get(url, { 'accept-language': 'es-MX' })).html).toContain('Preferencias de correo');
  });

  it('is read from right to left where that is how it is read', async () => {
    const world = await pages();
    await world.memory.contacts.record(world.ada.user_id, { locale: 'ar-EG' }, Date.now());
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
