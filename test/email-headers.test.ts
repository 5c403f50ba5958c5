import { afterEach, describe, expect, it, vi } from 'vitest';

import { emailHeaders, groupsOf } from '../activities/email-headers.ts';
import { createTokens } from '../runtime/tokens.ts';
import { noCheck, type Provider, startSes, startSmtp } from './support/providers.ts';
import { serversOfThisFile, scene } from './support/scene.ts';

const from = 'Tea & Company <Hello@Example.com>';
const url = 'https://mail.example.com/u/v1.1.abc.def';
const tag = 'm'.repeat(43);
const headers = (
  parts: object,
  template: Parameters<typeof emailHeaders>[0] = { class: 'marketing', topic: 'offers' },
) => emailHeaders(template, { from, unsubscribe: url, tag, topicTitles: {}, ...parts });
const listId = (title: string) =>
  headers({ topicTitles: { offers: title } }).find(({ name }) => name === 'List-Id')?.value;

describe('the headers that mail programs show a button for', () => {
  it('are those of RFC 8058 and RFC 2919', () => {
    const topicTitles = { offers: 'Monthly offers' };
    expect(headers({ topicTitles })).toEqual([
      { name: 'List-Unsubscribe', value: `<${url}>` },
      { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' },
      { name: 'List-Id', value: 'Monthly offers <offers.example.com>' },
    ]);
  });

  it('are not on a receipt', () => {
    const automatic = [{ name: 'Auto-Submitted', value: 'auto-generated' }];
    expect(headers({ unsubscribe: undefined }, { class: 'transactional' })).toEqual(automatic);
    expect(headers({}, { class: 'transactional', topic: 'offers' })).toEqual(automatic);
  });

  it('name an address beside the link where there is one', () => {
    const [list] = headers({ unsubscribeMailto: 'leave+me@example.com' });
    expect(list).toEqual({
      name: 'List-Unsubscribe',
      value: `<${url}>, <mailto:leave+me@example.com?subject=unsubscribe%20${tag}>`,
    });
  });

  it('group what the provider counts by journey, template and topic, in characters that SES takes', () => {
    expect(groupsOf({ name: 'welcome', topic: 'onboarding' }, 'onboarding')).toEqual({
      journey: 'onboarding',
      template: 'welcome',
      topic: 'onboarding',
      'ses:feedback-id-a': 'onboarding',
      'ses:feedback-id-b': 'onboarding',
    });
    expect(groupsOf({ name: 'receipt' }, 'receipt')).toMatchObject({ 'ses:feedback-id-b': 'transactional' });
    expect(Object.values(groupsOf({ name: 'a b', topic: 'ü' }, 'x'.repeat(300)))).toEqual(
      expect.arrayContaining(['a_b', '_', 'x'.repeat(256)]),
    );
  });

  it.each([
    ['Getting started', 'Getting started <offers.example.com>'],
    ['Dr. Tea, weekly', '"Dr. Tea, weekly" <offers.example.com>'],
    ['Say "tea" \\ please', '"Say \\"tea\\" \\\\ please" <offers.example.com>'],
    ['Früchte', '<offers.example.com>'],
    ['a\r\nBcc: grace', '<offers.example.com>'],
    ['', '<offers.example.com>'],
  ])('name the topic %j in a way that is allowed there', (title, value) => {
    expect(listId(title)).toBe(value);
  });
});

describe('a mail that is sent', () => {
  serversOfThisFile();
  afterEach(() => vi.unstubAllEnvs());
  const tokens = createTokens({ secret: 'ab'.repeat(32), keys: ['1'], installation: 'test' });

  it('shows one way out in its headers and at its foot, for this person, topic and mail', async () => {
    const world = await scene();
    await world.attempt('welcome');
    const [mail] = world.calls;
    const out = mail?.headers.find(({ name }) => name === 'List-Unsubscribe')?.value.slice(1, -1) ?? '';
    expect(tokens.read(out.replace('https://mail.example.com/u/', ''))).toEqual({
      user: world.ada.user_id,
      action: 'unsubscribe',
      topic: 'onboarding',
      mail: world.tag('welcome'),
      address: world.store.addressHash(world.ada.email),
    });
    expect(mail?.html).toContain(`<a ses:no-track href="${out}"`);
    expect(mail?.text).toContain(`Unsubscribe <${out}>`);
    expect(mail?.html).toMatch(/<a ses:no-track href="https:\/\/mail\.example\.com\/preferences\/v1\./);
    expect(mail?.text).toContain('Choose what you get <https://mail.example.com/preferences/v1.');
  });

  it('has none of it when it is a receipt', async () => {
    const world = await scene();
    await world.attempt('receipt');
    const [mail] = world.calls;
    expect(mail?.headers).toEqual([{ name: 'Auto-Submitted', value: 'auto-generated' }]);
    expect(`${mail?.html}${mail?.text}`).not.toMatch(/unsubscribe|preferences/i);
  });

  it.each<[string, () => Promise<Provider>]>([
    ['SES', startSes],
    ['SMTP', startSmtp],
  ])('through %s reaches the mailbox with its headers as they were written', async (_name, start) => {
    const world = await scene();
    await world.attempt('welcome');
    const [mail] = world.calls;
    if (!mail) throw new Error('nothing was sent');
    const provider = await start();
    const mailer = provider.mailer(5_000);
    try {
      await mailer.send(mail, noCheck);
      const [taken] = await provider.taken();
      for (const header of mail.headers)
        expect(taken?.headers.filter(({ name }) => name.toLowerCase() === header.name.toLowerCase())).toMatchObject([
          { value: header.value },
        ]);
    } finally {
      mailer.close();
      await provider.stop();
    }
  });
});
