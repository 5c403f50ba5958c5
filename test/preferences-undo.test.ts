import { describe, expect, it } from 'vitest';

import { pagesOfThisFile } from './support/pages.ts';
import { leavingAll, preferencesOf, ticking } from './support/preferences.ts';

const pages = pagesOfThisFile();

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
    const page = await world.post(preferencesOf(world), leavingAll);
    const undone = await world.post(page.forms['Undo'] ?? '');
    expect(undone.ticked).toEqual(['offers']);
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'granted' });
  });

  it('asks first when its address is merely opened', async () => {
    const world = await pages();
    const { forms } = await world.post(preferencesOf(world), leavingAll);
    const url = forms['Undo'] ?? '';
    const page = await world.get(url);
    expect(page.forms).toEqual({ Undo: url });
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
  });

  it('works for half an hour and then says so', async () => {
    const world = await pages();
    const { forms } = await world.post(preferencesOf(world), leavingAll);
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
    await world.post(preferencesOf(world), leavingAll);
    await world.post(url);
    expect(await world.states()).toEqual({ onboarding: 'revoked', offers: 'revoked' });
  });

  it('changes nothing where it is posted to the way out', async () => {
    const world = await pages();
    const { forms } = await world.post(preferencesOf(world), leavingAll);
    expect((await world.post((forms['Undo'] ?? '').replace('/preferences/', '/u/'))).status).toBe(404);
    expect(
      (await world.post(world.links.unsubscribe(world.ada.user_id, 'offers', 'm').replace('/u/', '/preferences/')))
        .status,
    ).toBe(404);
  });
});

describe('a link of an inbox that its user has left', () => {
  it('neither shows nor changes what they get; the way out still stops email to that inbox', async () => {
    const world = await pages();
    const { user_id, email } = world.ada;
    const old = world.store.addressHash(email);
    const url = world.links.preferences(user_id, 'm'.repeat(43), old);
    expect((await world.get(url)).status).toBe(200);
    const left = await world.post(url, leavingAll);
    const undo = left.forms['Undo'] ?? '';
    await world.post(undo);
    const before = await world.states();

    await world.store.contacts.record(user_id, { email: `new-${email}` }, Date.now());
    for (const link of [url, undo]) {
      expect((await world.get(link)).status).toBe(404);
      expect((await world.post(link, leavingAll)).status).toBe(404);
    }
    expect(await world.states()).toEqual(before);

    const gone = await world.post(world.links.unsubscribe(user_id, 'offers', 'm'.repeat(43), old));
    expect(gone.status).toBe(200);
    expect(gone.forms).toEqual({});
    expect(gone.links).toEqual([]);
  });
});
