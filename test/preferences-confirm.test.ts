import { describe, expect, it } from 'vitest';

import { pagesOfThisFile } from './support/pages.ts';
import { asks, leavingAll, preferencesOf } from './support/preferences.ts';

const pages = pagesOfThisFile();

describe('confirming a subscription', () => {
  const fresh = async () => {
    const world = await pages();
    await world.post(preferencesOf(world), leavingAll);
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

  it('confirms nothing at another address than the one that the link went to', async () => {
    const world = await pages();
    const url = await asks(world, ['news']);
    await world.store.contacts.record(world.ada.user_id, { email: `new-${world.ada.email}` }, Date.now());
    expect((await world.get(url)).html).toContain('Nothing to confirm');
    expect((await world.post(url)).html).toContain('Nothing to confirm');
    expect(await world.store.consents.stateOf(world.ada.user_id, 'news')).toBe('pending');
    await world.store.contacts.record(world.ada.user_id, { email: world.ada.email }, Date.now() + 1);
    await world.post(url);
    expect(await world.store.consents.stateOf(world.ada.user_id, 'news')).toBe('granted');
  });

  it('has nothing to confirm when they opted out after they asked, or never asked', async () => {
    const world = await pages();
    const before = await asks(world, ['news'], undefined, Date.now() - 1_000);
    await world.post(preferencesOf(world), leavingAll);
    world.published.length = 0;
    for (const url of [
      before,
      world.links.confirm(world.ada.user_id, 'never', world.store.addressHash(world.ada.email)),
      world.links.confirm(world.ada.user_id, '', world.store.addressHash(world.ada.email)),
    ]) {
      expect((await world.get(url)).html).toContain('Nothing to confirm');
      expect((await world.post(url)).html).toContain('Nothing to confirm');
    }
    expect(world.published).toEqual([]);
    expect(await world.store.consents.stateOf(world.ada.user_id, 'news')).toBe('revoked');
  });
});
