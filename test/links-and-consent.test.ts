import { describe, expect, it } from 'vitest';

import { type Pages, pagesOfThisFile } from './support/pages.ts';
import { asks, leavingAll, preferencesOf, ticking } from './support/preferences.ts';

const pages = pagesOfThisFile();
const minute = 60_000;

const unsubscribeOf = ({ links, ada }: Pages, topic = 'offers') =>
  links.unsubscribe(ada.user_id, topic, 'm'.repeat(43));

const linkToPreferences = (links: readonly string[]) => links.find((link) => link.includes('/preferences/')) ?? '';

describe('an unsubscribe link', () => {
  it('leads to preferences that can take away, and give nothing', async () => {
    const world = await pages();
    const left = await world.post(unsubscribeOf(world));
    const narrow = linkToPreferences(left.links);
    const page = await world.get(narrow);
    expect(page.ticked).toEqual(['onboarding']);
    expect(page.html.match(/\bdisabled\b/g)).toHaveLength(1);
    const forged = await world.post(narrow, ticking('onboarding', 'offers'));
    expect(forged.ticked).toEqual(['onboarding']);
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'revoked' });
    await world.post(narrow, ticking());
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
  });

  it('gives nothing by any page that can be reached from it, but for what it has itself taken', async () => {
    const world = await pages();
    await world.post(preferencesOf(world), ticking('offers'));
    const asked = await world.get(unsubscribeOf(world));
    const left = await world.post(asked.forms['Unsubscribe'] ?? '');
    world.later(31 * minute);
    const tooLate = await world.post(left.forms['Undo'] ?? '');
    expect(tooLate.status).toBe(410);
    world.later(-31 * minute);
    const undone = await world.post(left.forms['Undo'] ?? '');
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
    const reached = [...asked.links, ...left.links, ...tooLate.links, undone.forms['Save'] ?? ''];
    expect(reached).toHaveLength(4);
    for (const link of reached) await world.post(linkToPreferences([link]), ticking('onboarding', 'offers'));
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
  });

  it('is about the inbox that its mail went to, also when the person has moved from it', async () => {
    const world = await pages();
    const { store, links, ada } = world;
    const address = store.addressHash(ada.email);
    const link = links.unsubscribe(ada.user_id, 'offers', 'm'.repeat(43), address);
    const other = `${ada.user_id}-2`;
    await store.contacts.record(other, { email: ada.email }, Date.now());
    await store.consents.record(other, { id: 'yes', state: 'granted', consent: { topics: ['offers'] }, at: 1 });
    await store.contacts.record(ada.user_id, { email: `new-${ada.email}` }, Date.now());
    expect((await world.post(link)).html).toContain('You are unsubscribed');
    expect(await store.consents.stateOf(other, 'offers')).toBe('revoked');
    expect(await world.states()).toMatchObject({ offers: 'revoked' });
  });

  it('takes everything, and its undo stays as narrow', async () => {
    const world = await pages();
    const narrow = linkToPreferences((await world.get(unsubscribeOf(world))).links);
    await world.post(preferencesOf(world), ticking('offers'));
    const left = await world.post(narrow, leavingAll);
    const undone = await world.post(left.forms['Undo'] ?? '');
    await world.post(undone.forms['Save'] ?? '', ticking('onboarding', 'offers'));
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
  });
});

describe('the link to preferences', () => {
  it('gives once a minute, and takes as often as it is asked to', async () => {
    const world = await pages();
    const link = preferencesOf(world);
    await world.post(link, ticking());
    expect((await world.post(link, ticking('offers'))).status).toBe(200);
    const refused = await world.post(link, ticking('offers', 'onboarding'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect(refused.html).toContain('wait a minute');
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
    expect((await world.post(link, ticking())).status).toBe(200);
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
    world.later(minute + 1_000);
    expect((await world.post(link, ticking('offers', 'onboarding'))).status).toBe(200);
    expect(await world.states()).toEqual({ onboarding: 'granted', offers: 'granted' });
    expect(world.counted).toContain('preferences:limited');
  });

  it('takes what is to be taken of a form whose other half comes too soon', async () => {
    const world = await pages();
    const link = preferencesOf(world);
    await world.post(link, ticking());
    await world.post(link, ticking('offers'));
    expect((await world.post(link, ticking('onboarding'))).status).toBe(429);
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
  });

  it('gives nothing after ten changes within an hour', async () => {
    const world = await pages();
    const link = preferencesOf(world);
    for (let change = 0; change < 10; change++) {
      const page = await world.post(link, change % 2 === 0 ? ticking() : ticking('offers'));
      expect(page.status).toBe(200);
      world.later(minute + 1_000);
    }
    await world.post(link, ticking());
    const refused = await world.post(link, ticking('offers'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3600']);
    expect(refused.html).toContain('wait an hour');
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
    world.later(60 * minute);
    expect((await world.post(link, ticking('offers'))).status).toBe(200);
  });
});

describe('two confirmation emails', () => {
  it.each(['first', 'second'])('the link of the %s works', async (which) => {
    const world = await pages();
    await world.post(preferencesOf(world), leavingAll);
    const asked = [
      await asks(world, ['offers'], 'asked-1', Date.now() + 10),
      await asks(world, ['offers'], 'asked-2', Date.now() + 20),
    ];
    const page = await world.post(asked[which === 'first' ? 0 : 1] ?? '');
    expect(page.html).toContain('You are subscribed');
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
  });

  it('the other one then has nothing more to confirm, and brings nothing back', async () => {
    const world = await pages();
    await world.post(preferencesOf(world), leavingAll);
    const [first, second] = [
      await asks(world, ['offers'], 'asked-1', Date.now() + 10),
      await asks(world, ['offers'], 'asked-2', Date.now() + 20),
    ];
    await world.post(second);
    await world.post(preferencesOf(world), leavingAll);
    expect((await world.post(first)).html).toContain('Nothing to confirm');
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
  });

  it('of a new address, confirmed there: the consent of the old one no longer counts', async () => {
    const world = await pages();
    await world.post(preferencesOf(world), leavingAll);
    await world.post(await asks(world, ['offers'], 'asked-1', Date.now() + 10));
    expect(await world.states()).toMatchObject({ offers: 'granted' });
    const email = `new-${world.ada.email}`;
    await world.store.contacts.record(world.ada.user_id, { email }, Date.now());
    expect(await world.states()).toMatchObject({ offers: 'pending' });
    expect((await world.get(preferencesOf(world))).ticked).toEqual([]);
    await asks(world, ['offers'], 'asked-2', Date.now() + 20);
    await world.post(world.links.confirm(world.ada.user_id, 'asked-2', world.store.addressHash(email)));
    expect(await world.states()).toMatchObject({ offers: 'granted' });
  });
});
