import { once } from 'node:events';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';

import { describe, expect, it } from 'vitest';

import { importPeople, type ImportOptions } from '../cli/people/import.ts';
import { counts, noSecret, suppressionsCli } from './support/suppressions-cli.ts';

const cli = suppressionsCli();
const day = 86_400_000;
const at = Date.UTC(2024, 4, 6, 7, 8, 9);
const iso = (time: number) => new Date(time).toISOString();

function file(lines: readonly string[], name = 'people.csv'): string {
  writeFileSync(cli.inFolder(name), lines.join('\n'));
  return cli.inFolder(name);
}
const imports = (lines: readonly string[], options: ImportOptions = {}, name = 'people.csv') =>
  cli.printed((context) => importPeople(context, file(lines, name), options));

const contactOf = (user: string) => cli.store.contacts.find(user);
const stateOf = (user: string, topic: string) => cli.store.consents.stateOf(user, topic);
const offers: ImportOptions = { topic: ['offers'], source: 'import 2026-11' };

describe('rivulet people import', () => {
  it('keeps the source of each consent', async () => {
    const rows = [`u_1,a@example.com,form 7,${at}`, `u_2,b@example.com,,${at}`];
    await imports(['user_id,email,source,captured_at', ...rows], offers);
    expect((await cli.store.consents.history('u_1'))[0]).toMatchObject({ source: 'form 7', captured_at: at });
    expect((await cli.store.consents.history('u_2'))[0]).toMatchObject({ source: 'import 2026-11' });
  });

  it.each([
    ['an address for an id', `a@example.com,a@example.com,${at}`, 'invalid user id'],
    ['no id', `,a@example.com,${at}`, 'invalid user id'],
    ['an address that is none', `u_1,a@,${at}`, 'not an address'],
    ['no address', `u_1,,${at}`, 'not an address'],
    ['two addresses', `u_1,a@example.com b@example.com,${at}`, 'not an address'],
    ['a time that is none', 'u_1,a@example.com,soon', 'bad date'],
    ['a time in the future', 'u_1,a@example.com,2999-01-01', 'bad date'],
    ['a time before there were such consents', 'u_1,a@example.com,1980-01-01', 'bad date'],
    ['no time', 'u_1,a@example.com,', 'no captured_at or --time'],
    ['too few columns', 'u_1,a@example.com', 'wrong number of columns'],
    ['an open quote', `u_1,"a@example.com,${at}`, 'quotes that do not match'],
  ])('refuses a row with %s, and imports the others', async (_, row, kind) => {
    const { out, failed } = await imports(['user_id,email,captured_at', row, `u_2,b@example.com,${at}`], offers);
    expect(counts(out)).toEqual({ rows: 2, imported: 1, unchanged: 0, refused: 1, [kind]: 1 });
    expect(out).toContain(`Refused rows:\n  ${kind}: line 2`);
    expect(failed).toBeUndefined();
    expect([await contactOf('u_1'), await stateOf('u_2', 'offers')]).toEqual([{}, 'granted']);
    const alone = await imports(['user_id,email,captured_at', row], offers);
    expect(alone.failed?.message).toBe('No row could be imported.');
  });

  it.each([
    ['a state that it does not know', `u_1,a@example.com,perhaps,offers,${at}`, 'unknown consent state'],
    ['a consent to every topic', `u_1,a@example.com,granted,*,${at}`, 'consent to every topic'],
    ['a topic that no event could have', `u_1,a@example.com,granted,${'x'.repeat(129)},${at}`, 'invalid topics'],
  ])('refuses a row with %s', async (_, row, kind) => {
    const { out } = await imports(['user_id,email,consent,topics,captured_at', row]);
    expect(counts(out)).toMatchObject({ imported: 0, refused: 1, [kind]: 1 });
    expect(await cli.everything()).toEqual([]);
  });

  it('leaves out optional fields that no event could have, and says which and where', async () => {
    const { out, failed } = await imports([
      'user_id,email,name,locale,time_zone,country',
      'u_1,a@example.com,Ada,en_GB,Nowhere,Atlantis',
      'u_2,b@example.com,M\uFFFDller,english!,Europe/Paris,Lemuria',
    ]);
    expect([counts(out)['imported'], counts(out)['refused'], failed]).toEqual([2, 0, undefined]);
    expect(out).toContain('Invalid optional fields, left out:\n  time_zone: line 2, such as "Nowhere"\n');
    expect(out).toContain('  country: lines 2, 3, such as "Atlantis"');
    expect(await contactOf('u_1')).toEqual({ email: 'a@example.com', name: 'Ada', locale: 'en-GB' });
    expect(await contactOf('u_2')).toEqual({ email: 'b@example.com', time_zone: 'Europe/Paris' });
  });

  it('lets the later of two rows about a person win, whatever their order', async () => {
    const header = 'user_id,email,name,consent,captured_at';
    const rows = [
      `u_1,new@example.com,Ada,granted,${at + day}`,
      `u_1,old@example.com,A.,revoked,${at}`,
      `u_2,old@example.com,B.,granted,${at}`,
      `u_2,new@example.com,Bob,revoked,${at + day}`,
    ];
    expect(counts((await imports([header, ...rows], offers)).out)).toMatchObject({ imported: 4 });
    expect(await contactOf('u_1')).toEqual({ email: 'new@example.com', name: 'Ada' });
    expect(await contactOf('u_2')).toEqual({ email: 'new@example.com', name: 'Bob' });
    expect([await stateOf('u_1', 'offers'), await stateOf('u_2', 'offers')]).toEqual(['granted', 'revoked']);
  });

  it('undoes an opt-out only with a consent that is later than it', async () => {
    for (const [user, topic] of [
      ['u_1', 'offers'],
      ['u_2', '*'],
    ] as const)
      await cli.store.consents.record(user, { id: 'left', state: 'revoked', consent: { topics: [topic] }, at });
    const header = 'user_id,email,captured_at';
    const rows = (time: number) => [header, `u_1,a@example.com,${time}`, `u_2,b@example.com,${time}`];
    for (const time of [at - day, at]) {
      await imports(rows(time), offers);
      expect([await stateOf('u_1', 'offers'), await stateOf('u_2', 'offers')]).toEqual(['revoked', 'revoked']);
    }
    await imports(rows(at + 1), offers);
    expect([await stateOf('u_1', 'offers'), await stateOf('u_2', 'offers')]).toEqual(['granted', 'granted']);
  });

  it('does not let a clock that is ahead win over an opt-out to come', async () => {
    const rows = ['user_id,email,captured_at', `u_1,a@example.com,${Date.now() + day / 2}`];
    await imports(rows, offers);
    expect(counts((await imports(rows, offers)).out)).toMatchObject({ imported: 0, unchanged: 1 });
    await cli.store.consents.record('u_1', {
      id: 'left',
      state: 'revoked',
      consent: { topics: ['offers'] },
      at: Date.now() + 1,
    });
    expect(await stateOf('u_1', 'offers')).toBe('revoked');
  });

  it('without a time fills in a contact, and replaces nothing that an event has said', async () => {
    await cli.store.contacts.record('u_1', { email: 'event@example.com' }, at);
    const rows = ['user_id,email,name', 'u_1,file@example.com,Ada', 'u_2,file@example.com,Bob'];
    expect(counts((await imports(rows)).out)).toMatchObject({ imported: 2 });
    expect(await contactOf('u_1')).toEqual({ email: 'event@example.com', name: 'Ada' });
    expect(await contactOf('u_2')).toEqual({ email: 'file@example.com', name: 'Bob' });
  });

  it('a second time, or after it was interrupted, changes nothing that it has done', async () => {
    const header = 'user_id,email,name,topics,unsubscribed,captured_at';
    const rows = [
      `u_1,a@example.com,Ada,offers;news,,${at}`,
      'u_2,b@example.com,Bob,,yes,',
      `u_3,c@example.com,Cy,offers,no,${at}`,
      `u_1,a@example.com,Ada,offers,true,${at + day}`,
    ];
    // Interrupted after two rows.
    await imports([header, ...rows.slice(0, 2)]);
    expect(counts((await imports([header, ...rows])).out)).toMatchObject({ imported: 2, unchanged: 2 });
    const before = await cli.everything();
    const again = await imports([header, ...rows.toReversed()]);
    expect([counts(again.out)['unchanged'], again.failed]).toEqual([4, undefined]);
    expect(await cli.everything()).toEqual(before);
  });

  it('is reported the same by a dry run, which changes nothing', async () => {
    await cli.store.contacts.record('u_1', { email: 'a@example.com' }, at);
    await imports(['user_id,email,captured_at', `u_2,b@example.com,${at}`], offers);
    const lines = [
      'user_id,email,name,captured_at,consent,country',
      `u_1,a@example.com,,${at},,`,
      `u_1,a@example.com,,${at},,`,
      `u_1,old@example.com,,${at - day},,`,
      `u_1,new@example.com,Ada,${at + day},no,`,
      `u_1,new@example.com,Ada,${at + day},no,`,
      `u_2,b@example.com,,${at},yes,`,
      `u_3,c@example.com,,${at},none,Narnia`,
      `u_3,c@example.com,,${at},archived,Narnia`,
      `u_3,c@example.com,C.,${at - day},archived,`,
      `u_3,c@example.com,D.,${at - 2 * day},archived,`,
      'u_4,nobody,,,,',
    ];
    const before = await cli.everything();
    const dry = await imports(lines, { ...offers, dryRun: true });
    expect(await cli.everything()).toEqual(before);
    const real = await imports(lines, offers);
    expect(dry.out.split('\n')[0]).toBe('Dry run: nothing was changed. An import would report:');
    expect(dry.out.split('\n').slice(1)).toEqual(real.out.split('\n'));
    expect(counts(real.out)).toMatchObject({ rows: 11, imported: 5, unchanged: 4, refused: 2 });
  });

  it('is a command with exit codes: 0 done, 1 nothing usable, 2 usage', async () => {
    file(['ID;Mail;captured_at', `u_1;Ada <ada@example.com>;${iso(at)}`]);
    const given = ['people', 'import', 'people.csv', '--topic', 'offers', '--source', 'import 2026-11'];
    const mapped = [...given, '--column', 'user_id=ID', '--column', 'email=Mail'];
    const ran = await cli.run([...mapped, '--errors', 'refused.csv']);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(readFileSync(cli.inFolder('refused.csv'), 'utf8')).toBe('line,reason,row\n');
    expect(await cli.store.consents.history('u_1')).toMatchObject([
      { topic: 'offers', state: 'granted', source: 'import 2026-11', captured_at: at },
    ]);
    expect(await contactOf('u_1')).toEqual({ email: 'ada@example.com', name: 'Ada' });
    const [noId, unknown, badTime, secretless] = await Promise.all([
      cli.run([...given, '--column', 'email=Mail', '--column', 'user_id=']),
      cli.run([...given, '--column', 'user_id=Number']),
      cli.run([...mapped, '--time', 'soon']),
      cli.run(mapped, noSecret),
    ]);
    expect([noId.code, unknown.code, badTime.code, secretless.code]).toEqual([2, 2, 2, 1]);
    expect(unknown.err).toContain('no column "Number". Its columns: "ID", "Mail", "captured_at".');
  }, 60_000);

  it('names what is missing when a file has no column with user ids', async () => {
    const { failed } = await imports(['Email Address,LEID', 'a@example.com,7']);
    expect(failed?.message).toMatch(
      /has no column with user ids\. Its columns: "Email Address", "LEID"\. Use --column user_id=/,
    );
  });

  it('takes 30,000 rows in less memory than the file is long', async () => {
    const rows = 30_000;
    const out = createWriteStream(cli.inFolder('big.csv'));
    out.write('user_id,email,note\n');
    const note = 'n'.repeat(4_000);
    for (let i = 1; i <= rows; i++) {
      const row = i % 50 === 0 ? `u_${i},p${i}@example.com` : `u_${i},p${i}`;
      if (!out.write(`${row},${note}\n`)) await once(out, 'drain');
    }
    await finished(out.end());
    const ran = await cli.run(['people', 'import', 'big.csv'], { NODE_OPTIONS: '--max-old-space-size=90' });
    expect([ran.code, ran.err]).toEqual([1, 'More than half of the rows were refused.\n']);
    const right = rows / 50;
    expect(counts(ran.out)).toMatchObject({ rows, imported: right, 'not an address': rows - right });
    expect(await contactOf('u_30000')).toEqual({ email: 'p30000@example.com' });
  }, 300_000);
});
