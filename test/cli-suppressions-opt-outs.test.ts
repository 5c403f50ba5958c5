import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { eligibility, personOnly } from '../activities/check-consent.ts';
import { importFile, type ImportOptions } from '../cli/suppressions/import.ts';
import { ada, counts, suppressionsCli } from './support/suppressions-cli.ts';

const cli = suppressionsCli();
const day = 86_400_000;
const monday = Date.UTC(2024, 4, 6);
const iso = (at: number) => new Date(at).toISOString();

function imports(lines: readonly string[], options: ImportOptions = {}) {
  writeFileSync(cli.inFolder('left.csv'), lines.join('\n'));
  return cli.printed((context) => importFile(context, cli.inFolder('left.csv'), options));
}

const unsubscribe = (at: number | '' = monday, address = ada) => [
  'email,reason,since',
  `${address},unsubscribed,${at === '' ? '' : iso(at)}`,
];

async function knows(user: string, email = ada): Promise<void> {
  await cli.store.contacts.record(user, { email }, monday - 10 * day);
}

async function agrees(user: string, topic: string, at: number): Promise<void> {
  const consent = { topics: [topic], source: 'form' };
  await cli.store.consents.record(user, { id: `form-${topic}-${at}`, state: 'granted', consent, at });
}

/** What they may get now, by the rule of every send. */
async function may(user: string, topic: string | undefined): Promise<string> {
  const about = topic === undefined ? { class: 'transactional' as const } : { class: 'marketing' as const, topic };
  const found = eligibility(await cli.store.sends.look(personOnly(about, user)), about, () => 'opt_out');
  return found.may ? 'yes' : found.why;
}

describe('an unsubscribe that is imported', () => {
  it('is an opt-out of every person with the address, from all topics, and stops no receipt', async () => {
    await Promise.all([knows('u_1'), knows('u_2'), knows('u_3', 'bob@example.com')]);
    await agrees('u_1', 'offers', monday - day);
    const { out } = await imports(unsubscribe());
    expect(counts(out)).toEqual({ rows: 1, imported: 1, 'opt-outs': 1, unchanged: 0, refused: 0 });
    expect(await cli.suppressionsOf(ada)).toEqual([]);
    expect((await cli.store.consents.now('u_1'))['*']).toMatchObject({
      state: 'revoked',
      captured_at: monday,
      source: 'import',
    });
    for (const user of ['u_1', 'u_2']) {
      expect([await may(user, 'offers'), await may(user, 'news'), await may(user, undefined)]).toEqual([
        'no_consent',
        'no_consent',
        'yes',
      ]);
    }
    expect(await may('u_3', 'offers')).toBe('yes');
  });

  it('is one of the topics that are given', async () => {
    await knows('u_1');
    await imports(unsubscribe(), { topic: ['offers,news', 'jokes'] });
    expect(await Promise.all(['offers', 'news', 'jokes', 'tips'].map((topic) => may('u_1', topic)))).toEqual([
      'no_consent',
      'no_consent',
      'no_consent',
      'yes',
    ]);
  });

  it('does not undo a consent that is newer, nor is it undone by one that is older', async () => {
    await knows('u_1');
    await agrees('u_1', 'offers', monday + 1);
    await agrees('u_1', 'news', monday);
    await imports(unsubscribe());
    expect([await may('u_1', 'offers'), await may('u_1', 'news')]).toEqual(['yes', 'no_consent']);
  });

  it('holds for a person who gets the address later, until they agree later, topic by topic', async () => {
    const { out } = await imports(unsubscribe());
    expect(counts(out)).toMatchObject({ imported: 1, 'unsubscribed addresses': 1 });
    expect(await cli.suppressionsOf(ada)).toEqual([
      { reason: 'unsubscribed', scope: 'marketing', since: monday, source: 'import' },
    ]);
    await knows('u_1');
    await agrees('u_1', 'offers', monday - day);
    expect([await may('u_1', 'offers'), await may('u_1', 'news'), await may('u_1', undefined)]).toEqual([
      'suppressed',
      'suppressed',
      'yes',
    ]);
    await agrees('u_1', 'offers', monday);
    expect(await may('u_1', 'offers')).toBe('suppressed');
    await agrees('u_1', 'offers', monday + 1);
    expect([await may('u_1', 'offers'), await may('u_1', 'news')]).toEqual(['yes', 'suppressed']);
  });

  it('of an address that no one has counts from the latest one on', async () => {
    await imports(unsubscribe());
    expect(counts((await imports(unsubscribe(monday - day))).out)).toMatchObject({ imported: 0, unchanged: 1 });
    expect(counts((await imports(unsubscribe(monday + day))).out)).toMatchObject({ imported: 1, unchanged: 0 });
    expect(await cli.suppressionsOf(ada)).toMatchObject([{ since: monday + day }]);
    await knows('u_1');
    await agrees('u_1', 'offers', monday + day / 2);
    expect(await may('u_1', 'offers')).toBe('suppressed');
  });

  it.each([
    ['with a time, known', monday, true],
    ['with a time, unknown', monday, false],
    ['without a time, known', '' as const, true],
    ['without a time, unknown', '' as const, false],
  ])('changes nothing when it is imported again: %s', async (_, at, isKnown) => {
    if (isKnown) await knows('u_1');
    const first = await imports(unsubscribe(at));
    expect([counts(first.out)['imported'], first.failed]).toEqual([1, undefined]);
    const [before, consents] = [await cli.everything(), await cli.store.consents.history('u_1')];
    const again = await imports(unsubscribe(at));
    expect([counts(again.out)['unchanged'], again.failed]).toEqual([1, undefined]);
    expect(await cli.everything()).toEqual(before);
    expect(await cli.store.consents.history('u_1')).toEqual(consents);
  });

  it('without a time holds from the import on', async () => {
    await knows('u_1');
    await agrees('u_1', 'offers', Date.now() - 1_000);
    await imports(unsubscribe(''));
    expect(await may('u_1', 'offers')).toBe('no_consent');
  });

  it('is reported the same by a dry run, which changes nothing', async () => {
    await knows('u_1');
    await imports(unsubscribe());
    const rows = [
      ...unsubscribe(),
      `${ada},unsubscribed,${iso(monday + day)}`,
      `${ada},unsubscribed,${iso(monday + day)}`,
      `new@example.com,unsubscribed,${iso(monday + day)}`,
      `new@example.com,unsubscribed,${iso(monday)}`,
      `new@example.com,unsubscribed,${iso(monday + 2 * day)}`,
      `new@example.com,bounce,${iso(monday)}`,
      `no address,unsubscribed,`,
    ];
    const before = await cli.everything();
    const dry = await imports(rows, { dryRun: true });
    expect(await cli.everything()).toEqual(before);
    const real = await imports(rows);
    expect(dry.out.split('\n').slice(1)).toEqual(real.out.split('\n'));
    expect(counts(real.out)).toMatchObject({
      rows: 8,
      imported: 4,
      'opt-outs': 1,
      'unsubscribed addresses': 2,
      unchanged: 3,
      refused: 1,
    });
  });

  it('is exported, imported elsewhere and lifted like a suppression, while the provider is told nothing', async () => {
    await imports(unsubscribe());
    expect(await cli.toTell()).toEqual([]);
    const { out } = await cli.rivulet('export all.csv');
    expect(out).toBe('');
    await cli.forget();
    await cli.imports('all.csv');
    expect(await cli.suppressionsOf(ada)).toMatchObject([
      { reason: 'unsubscribed', scope: 'marketing', since: monday },
    ]);
    const removed = await cli.rivulet(`remove ${ada} --reason unsubscribed`);
    expect([removed.code, await cli.suppressionsOf(ada)]).toEqual([0, []]);
  });
});
