import { cpSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, vi } from 'vitest';

import { publishEvent } from '../ingress/nats.ts';
import { asSeenIn } from '../preview/color-scheme.ts';
import { compileTemplate } from '../templates/compile/compile.ts';
import { signedUp, person } from './support/events.ts';
import { nobody, previewOfThisFile } from './support/open-preview.ts';

const { open, folder, standIn, stream } = previewOfThisFile();

describe('a template', () => {
  it('is listed with its class, and so is a folder that no journey sends yet', async () => {
    cpSync(join(folder(), 'templates/welcome'), join(folder(), 'templates/autumn-news'), { recursive: true });
    const { body } = await open().json('/api/templates');
    expect(body.find(({ name }: { name: string }) => name === 'receipt')).toMatchObject({
      class: 'transactional',
      errors: 0,
      locales: ['de', 'en'],
    });
    expect(body.at(-1)).toMatchObject({ name: 'autumn-news', class: 'marketing', topic: 'onboarding' });
    expect(body.map(({ name }: { name: string }) => name)).not.toContain('layouts');
  });

  it('is shown in the language that is closest to the reader’s', async () => {
    const { json } = open();
    const of = async (locale: string) => (await json(`/api/templates/welcome?locale=${locale}`)).body;
    expect(await of('pt-BR')).toMatchObject({ taken: 'pt', wanted: 'pt-BR', mail: { locale: 'pt' } });
    expect(await of('ja')).toMatchObject({ taken: 'en', wanted: 'ja' });
    expect((await of('ar')).mail.html).toContain('dir="rtl"');
    const wrong = await of('not_a_locale');
    expect(wrong.problems).toEqual(['"not_a_locale" is no locale as BCP 47 spells it, such as pt-BR']);
    expect(wrong.mail.locale).toBe('en');
  });

  it('shows times in the zone that is asked for, and says which is none', async () => {
    const { json, save } = open();
    await save('welcome/mail.mjml', (text) => text.replace('Most people', '{{time 1764150000000}}. Most people'));
    const of = async (zone: string) => (await json(`/api/templates/welcome?zone=${zone}`)).body;
    expect((await of('Asia/Tokyo')).mail.text).toContain('6:40 PM. Most people');
    expect((await of('Europe/Berlin')).mail.text).toContain('10:40 AM. Most people');
    const wrong = await of('Mars/Olympus');
    expect(wrong.problems).toEqual(['"Mars/Olympus" is no IANA time zone, such as Europe/Berlin']);
    expect(wrong.mail.text).toContain('10:40 AM. Most people');
  });

  it('that is saved broken keeps its last good mail and says what is wrong, until it is mended', async () => {
    const { json, save, get } = open();
    const before = (await json('/api/templates/receipt')).body;
    expect(before.standing).toBe('files');

    await save('receipt/mail.mjml', (text) => text.replace('</mj-text>', '</mj-txt>'));
    const broken = (await json('/api/templates/receipt')).body;
    expect(broken).toMatchObject({ standing: 'last good', errors: 1, mail: { html: before.mail.html } });
    expect(broken.mistakes[0]).toMatch(/^receipt\/mail\.mjml:\d+ /);
    const page = (await get('/?template=receipt')).text;
    expect(page).toContain('The files cannot be compiled.');
    expect(page).toContain('<iframe');

    await save('receipt/mail.mjml', (text) => text.replace('</mj-txt>', '</mj-text>'));
    expect((await json('/api/templates/receipt')).body).toMatchObject({ standing: 'files', mistakes: [] });
  });

  it('that never made sense is shown as it is published', async () => {
    const { json, save, published, config } = open();
    const known = { topics: Object.keys(config.topics) };
    const { template } = await compileTemplate(config.templates.dir, 'receipt', known);
    await published.publish(template, { author: 'ada', message: 'first' });
    await save('receipt/mail.mjml', () => 'nothing of use');
    await vi.waitFor(async () =>
      expect((await json('/api/templates/receipt')).body).toMatchObject({
        standing: 'published',
        mail: { subject: 'Your receipt for order o_1' },
      }),
    );
  });

  it('is compiled again when a layout or partial of it is saved, and only then', async () => {
    const { json, save } = open();
    await json('/api/templates');
    expect(await save('partials/items.mjml', (text) => text.replace('×', 'times'))).toEqual([
      'receipt',
      'cart-reminder',
    ]);
    expect((await json('/api/templates/receipt')).body.mail.html).toContain('2 times Darjeeling');
    expect(await save('welcome/mail.de.mjml', (text) => text.replace('Konto', 'Zugang'))).toEqual(['welcome']);
  });

  it('that there is not, is told as such', async () => {
    const { get, json } = open();
    expect((await get('/?template=nothing')).text).toContain('There is no template “nothing”');
    expect((await json('/api/templates/..%2Fconfig')).status).toBe(404);
  });
});

describe('data', () => {
  it('that somebody writes fills the mail', async () => {
    const { post, json } = open();
    const edited = JSON.stringify({ person: { name: 'Grace' }, event: { plan: 'team' } });
    const { body } = await post('/api/data', edited);
    const seen = (await json(`/api/templates/welcome?data=${body.data}`)).body;
    expect(seen.mail.subject).toBe('Welcome, Grace');
    expect(seen.mail.text).toContain('on the team plan');
  });

  it('that is wrong is refused with the place', async () => {
    const { post } = open();
    const say = async (json: string) => {
      const { status, body } = await post('/api/data', json);
      return [status, body.message];
    };
    expect(await say('{\n  "person": {,}\n}')).toEqual([
      400,
      expect.stringMatching(/it is not JSON: .* line 2, column 14$/),
    ]);
    expect(await say('{"person": {"email": "x"}}')).toEqual([400, expect.stringContaining('person: ')]);
    expect(await say('{"event": []}')).toEqual([400, expect.stringContaining('event: must be an object')]);
  });

  it('that a template cannot be filled in with is named, and the sample is shown instead', async () => {
    const { post, json } = open();
    const { body } = await post('/api/data', '{"event": {"order_id": "o_9"}}');
    const seen = (await json(`/api/templates/receipt?data=${body.data}`)).body;
    expect(seen.problems).toEqual([
      expect.stringMatching(/^With what you have edited there is no mail: .*Shown with the sample\.$/),
    ]);
    expect(seen.mail.subject).toBe('Your receipt for order o_1');
    expect((await json('/api/templates/receipt?data=edited:gone')).body.problems[0]).toContain('is forgotten');
    for (const inherited of ['__proto__', 'constructor', 'toString'])
      expect((await json(`/api/templates/receipt?data=sample:${inherited}`)).body.problems[0]).toContain(
        `there is no language "${inherited}"`,
      );
    const deep = `{"event":{"plan":${'['.repeat(8_000)}${']'.repeat(8_000)}}}`;
    const refused = await post('/api/data', deep);
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      400,
      expect.stringContaining('nested more than 100 levels deep'),
    ]);
    const brackets = JSON.stringify({ event: { plan: '['.repeat(8_000) } });
    expect((await post('/api/data', brackets)).status).toBe(200);
  });

  it('can be a real event, of which nobody’s address is shown', async () => {
    const { json, get } = open();
    const ada = person('ada');
    await publishEvent(stream(), signedUp(ada, { plan: ada.user_id }));
    const { body } = await json('/api/templates/welcome/events');
    const mine = body.find(({ sample }: any) => sample.event.plan === ada.user_id);
    expect(mine).toMatchObject({ type: 'user.signed_up', sample: { person: { name: 'Ada' } } });
    expect(JSON.stringify(body)).not.toContain('@');

    const seen = (await json(`/api/templates/welcome?data=event:${mine.seq}`)).body;
    expect(seen.mail.text).toContain(`on the ${ada.user_id} plan`);
    const page = (await get(`/?template=welcome&data=event:${mine.seq}`)).text;
    expect(page).toContain(`user.signed_up #${mine.seq}`);
    expect(page).not.toContain(ada.email);
    expect((await json('/api/templates/welcome?data=event:999999999')).body.problems[0]).toContain(
      'no event #999999999',
    );
  });
});

describe('versions', () => {
  it('are listed with who and why, and compared line by line', async () => {
    const { json, get, published, config, save } = open();
    const known = { topics: Object.keys(config.topics) };
    const publish = async (author: string) => {
      const { template } = await compileTemplate(config.templates.dir, 'welcome', known);
      await published.publish(template, { author, message: 'better words' });
      return template.version;
    };
    const first = await publish('ada');
    await save('welcome/mail.mjml', (text) => text.replace('a minute', 'two minutes'));
    const second = await publish('grace');

    await vi.waitFor(async () => expect((await json('/api/templates/welcome/versions')).status).toBe(200));
    const { body } = await json(`/api/templates/welcome/versions?left=${first}&right=${second}`);
    expect(body).toMatchObject({ live: second, versions: [second, first] });
    expect(body.entries.map(({ author }: any) => author)).toEqual(['grace', 'ada']);
    expect(body.files.map(({ file }: any) => file)).toEqual(['welcome/mail.mjml']);
    const changed = body.files[0].lines.filter(({ sign }: any) => sign !== ' ');
    expect(changed.map(({ sign, text }: any) => [sign, text.includes('two minutes')])).toEqual([
      ['-', false],
      ['+', true],
    ]);
    expect((await get(`/mail?template=welcome&version=${first}`)).text).toContain('it takes a minute');
    expect((await get('/?template=welcome&tab=versions')).text).toContain('better words');
  });
});

describe('a test mail', () => {
  it('goes to every seed, marked and with the headers of a real one', async () => {
    const { post } = open();
    const { body } = await post('/api/templates/cart-reminder/send', '{"locale": "de"}');
    expect(body.outcomes).toEqual([
      { to: 'seed-one@example.com', messageId: expect.any(String) },
      { to: 'seed-two@example.com', messageId: expect.any(String) },
    ]);
    expect(standIn().mailbox.size).toBe(2);
    const mail = standIn().mailbox.find(body.outcomes[0].messageId);
    expect(mail?.subject).toBe('[test] Sie haben etwas im Warenkorb gelassen');
    expect(mail?.headers).toContainEqual({ name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' });
    expect(mail?.html).toContain('https://links.invalid/unsubscribe');
  });

  it('is not sent from another site, nor to nobody, nor other than asked for', async () => {
    const { post } = open();
    const path = '/api/templates/welcome/send';
    expect((await post(path, '{}', { origin: 'https://example.com' })).status).toBe(403);
    expect((await post(path, '{}', { host: 'example.com' })).status).toBe(421);
    expect((await post(path, 'no JSON')).status).toBe(400);
    expect((await post(path, '{"zone": "Mars"}')).body.message).toContain('Nothing was sent.');
    expect((await open({}, []).post(path, '{}')).body.message).toContain('rivulet.yaml has no seeds');
    expect(standIn().mailbox.size).toBe(0);
  });

  it('that the provider refuses for one address still goes to the others', async () => {
    standIn().faults.update({
      rules: [
        { times: 1, action: { type: 'error', name: 'TooManyRequestsException', status: 429, message: 'Slow down.' } },
      ],
    });
    const { body } = await open().post('/api/templates/welcome/send', '{}');
    expect(body.outcomes).toEqual([
      { to: 'seed-one@example.com', failure: expect.stringContaining('Slow down') },
      { to: 'seed-two@example.com', messageId: expect.any(String) },
    ]);
  });
});

describe('without its servers', () => {
  it('the page says what it cannot show, and shows the rest', async () => {
    const { get, json } = open(nobody);
    const page = await get('/?template=welcome');
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('NATS does not answer') });
    expect(page.text).toContain('<iframe');
    expect((await get('/?template=welcome&tab=versions')).text).toContain('Postgres does not answer');
    expect((await json('/api/templates/welcome/events')).status).toBe(503);
    expect((await json('/api/templates/welcome/versions')).status).toBe(503);
  });
});

describe('the mail by itself', () => {
  it('may run nothing, wherever it is opened', async () => {
    const { app } = open();
    const reply = await app.request('http://127.0.0.1/mail?template=welcome', { headers: { host: '127.0.0.1' } });
    expect(reply.headers.get('content-security-policy')).toMatch(/^sandbox;/);
  });

  it('is seen in light or dark as a reader’s program would show it', () => {
    const rules = '<style>@media (prefers-color-scheme: dark) { a {} } @media print { b {} }</style>';
    expect(asSeenIn(rules, 'dark')).toContain('@media all { a {} }');
    expect(asSeenIn(rules, 'light')).toContain('@media not all { a {} }');
    expect(asSeenIn(rules, 'dark')).toContain('@media print { b {} }');
    expect(asSeenIn('@media screen and (prefers-color-scheme:dark){', 'dark')).toBe('@media screen {');
    expect(asSeenIn('@media (prefers-color-scheme: light), print {', 'dark')).toBe('@media not all, print {');
    expect(asSeenIn('<meta name="color-scheme" content="light dark" />', 'dark')).toContain('content="dark"');
  });
});
