import { describe, expect, it } from 'vitest';

import { pagesOfThisFile } from './support/pages.ts';
import { asks, leavingAll, preferencesOf, ticking } from './support/preferences.ts';

const pages = pagesOfThisFile();

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
        body: new URLSearchParams(leavingAll),
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
    const answer = await fetch(preferencesOf(world), {
      method: 'POST',
      body: new URLSearchParams(leavingAll),
      headers,
    });
    expect(answer.status).toBe(200);
    expect(world.published).toHaveLength(1);
  });

  it('is taken from the name under which it was asked for', async () => {
    const world = await pages();
    const headers = { origin: world.url };
    const answer = await fetch(preferencesOf(world), {
      method: 'POST',
      body: new URLSearchParams(leavingAll),
      headers,
    });
    expect(answer.status).toBe(200);
  });

  it('is not what a link in a webmail is', async () => {
    const world = await pages();
    expect((await world.get(preferencesOf(world), { 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });
});
