import { once } from 'node:events';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';

import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';

import { ada, counts, noSecret, suppressionsCli } from './support/suppressions-cli.ts';

const cli = suppressionsCli();
const { rivulet, imports, suppressionsOf, toTell, everything } = cli;

function file(text: string, name = 'list.csv'): string {
  writeFileSync(cli.inFolder(name), text);
  return name;
}
const errorsIn = (name: string) =>
  parse<{ line: string; reason: string; row: string }>(readFileSync(cli.inFolder(name)), { columns: true });

describe('rivulet suppressions import', () => {
  it('takes addresses and hashes, with reason, scope and date or without, in columns of any order', async () => {
    const hash = cli.store.addressHash('hash@example.com');
    const list = file(
      [
        'Name,since,E-Mail-Status,reason,EMAIL,address_hash,scope',
        'Ada,2024-05-06,x,BOUNCE,ada@example.com,,',
        'Bob,1700000000000,x,complaint,bob@example.com,,',
        'Cy,2024-05-06 07:08:09,x,,cy@example.com,,marketing',
        'Di,2024-05-06T07:08:09+02:00,x,hard_bounce,di@example.com,,',
        `,,,manual,,${hash},`,
      ].join('\n'),
    );
    cli.configure({ suppression: { complaints_stop: 'marketing' } });
    const before = Date.now();
    const { code, out, err } = await rivulet(`import ${list}`);
    expect([code, err]).toEqual([0, '']);
    expect(counts(out)).toEqual({ rows: 5, imported: 5, unchanged: 0, refused: 0 });
    const one = { source: 'import', scope: 'all' };
    expect(await suppressionsOf('ada@example.com')).toEqual([
      { ...one, reason: 'hard_bounce', since: Date.UTC(2024, 4, 6) },
    ]);
    expect(await suppressionsOf('bob@example.com')).toEqual([
      { ...one, reason: 'complaint', since: 1_700_000_000_000, scope: 'marketing' },
    ]);
    expect(await suppressionsOf('cy@example.com')).toEqual([
      { ...one, reason: 'manual', scope: 'marketing', since: Date.UTC(2024, 4, 6, 7, 8, 9) },
    ]);
    expect(await suppressionsOf('di@example.com')).toMatchObject([{ since: Date.UTC(2024, 4, 6, 5, 8, 9) }]);
    const [last] = await cli.store.suppressions.of(cli.store.addressHash('hash@example.com'));
    expect(last?.since).toBeGreaterThanOrEqual(before);
    expect((await toTell()).toSorted()).toEqual(
      ['ada', 'bob', 'di'].map((name) => cli.store.addressHash(`${name}@example.com`)).toSorted(),
    );
  });

  it('refuses invalid rows by kind, with lines, and writes them all to a file; the rest is imported, and the exit code is 1', async () => {
    const list = file(
      [
        'email,reason,since,scope',
        'not an address,,,',
        'b@example.com,because,,',
        'c@example.com,,yesterday,',
        'd@example.com,,2024-02-31,',
        'e@example.com,,17000000,',
        'f@example.com,,2999-01-01,',
        'g@example.com,manual',
        'h@example.com,,,everything',
        '"i@example.com,,,',
        'j@example.com,,,',
        'k"@example.com,,,',
        '"l@example.com",,,',
        ',,,',
      ].join('\n'),
    );
    const { code, out, err } = await rivulet(`import ${list} --errors wrong.csv`);
    expect([code, err]).toEqual([1, 'More than half of the rows were refused.\n']);
    expect(counts(out)).toEqual({
      rows: 13,
      imported: 2,
      unchanged: 0,
      refused: 11,
      'not an address': 2,
      'unknown reason': 1,
      'bad date': 4,
      'wrong number of columns': 1,
      'unknown scope': 1,
      'quotes that do not match': 2,
    });
    expect(out).toContain('  not an address: lines 2, 14, such as "not an address"\n');
    expect(out).toContain('  unknown reason: line 3, such as "because"\n');
    expect(out).toContain('  bad date: lines 4, 5, 6, 7, such as "yesterday"\n');
    expect(out).toContain('All refused rows: wrong.csv\n');
    const wrong = errorsIn('wrong.csv');
    expect(wrong.map(({ line }) => Number(line))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14]);
    expect(wrong[1]).toEqual({ line: '3', reason: 'unknown reason', row: 'b@example.com,because,,' });
    expect(wrong[8]).toEqual({ line: '10', reason: 'quotes that do not match', row: '"i@example.com,,,' });
    expect([await suppressionsOf('j@example.com'), await suppressionsOf('l@example.com')]).toMatchObject([[{}], [{}]]);
  });

  it('a second time adds nothing', async () => {
    const list = file('email,reason\nada@example.com,bounce\nADA@EXAMPLE.COM,bounce\nada@example.com,complaint\n');
    expect(counts(await imports(list))).toMatchObject({ rows: 3, imported: 2, unchanged: 1 });
    expect(counts(await imports(list))).toMatchObject({ rows: 3, imported: 0, unchanged: 3 });
  });

  it('--dry-run changes nothing, says so, and prints the same report', async () => {
    await cli.store.contacts.record('u_1', { email: ada }, 1);
    const there = { reason: 'manual', scope: 'marketing', since: 1, source: 'import' } as const;
    await cli.store.suppressions.add(cli.store.addressHash('there@example.com'), there);
    const list = file(
      [
        'email,reason,scope,until',
        'ada@example.com,,marketing,',
        'ada@example.com,,all,',
        'ada@example.com,,marketing,',
        'there@example.com,,marketing,',
        'there@example.com,,all,',
        'timed@example.com,soft_bounces,all,2998-01-01',
        'timed@example.com,soft_bounces,all,2997-01-01',
        'timed@example.com,soft_bounces,all,2999-01-01',
        'timed@example.com,soft_bounces,all,',
        'timed@example.com,soft_bounces,all,2999-01-01',
        'wrong,,,',
      ].join('\n'),
    );
    const before = await everything();
    const dry = await rivulet(`import ${list} --dry-run`);
    expect(dry.code).toBe(0);
    expect(dry.out).toMatch(/^Dry run: nothing was changed\. An import would report:\n/);
    expect(await everything()).toEqual(before);
    expect(await suppressionsOf('there@example.com')).toEqual([there]);
    const real = await rivulet(`import ${list}`);
    expect(dry.out.split('\n').slice(1)).toEqual(real.out.split('\n'));
    expect(counts(real.out)).toMatchObject({ rows: 11, imported: 6, unchanged: 4, refused: 1 });
  });

  it('of hashes alone needs no secret; of addresses it does', async () => {
    const hash = cli.store.addressHash(ada);
    expect(await imports(file(`address_hash\n${hash}\nshort\n`), noSecret)).toContain(
      'not an address hash: line 3, such as "short"',
    );
    expect(await suppressionsOf(ada)).toHaveLength(1);
    const { code, err } = await rivulet(`import ${file('email\nada@example.com\n')}`, noSecret);
    expect(code).toBe(1);
    expect(err).toContain('RIVULET_SECRET is not set');
  });

  it('does not write its errors over the list itself, or where nobody can', async () => {
    const list = file('email\nada@example.com\n');
    expect((await rivulet(`import ${list} --errors ./${list}`)).code).toBe(2);
    expect(readFileSync(cli.inFolder(list), 'utf8')).toBe('email\nada@example.com\n');
    const { code, err } = await rivulet(`import ${list} --errors no/such/folder.csv`);
    expect(code).toBe(1);
    expect(err).toContain('Nothing was imported.');
    expect(await everything()).toEqual([]);
  });

  it('takes 30,000 rows, most of them wrong, in less store than the file is long', async () => {
    const rows = 30_000;
    const right = rows / 20;
    const out = createWriteStream(cli.inFolder('big.csv'));
    out.write('email,reason,note\n');
    const note = 'n'.repeat(4_000);
    for (let i = 1; i <= rows; i++) {
      const address = `p${i}@example.com`;
      const row = i % 20 === 0 ? `${address},bounce` : i % 2 === 0 ? `p${i},bounce` : `${address},odd`;
      if (!out.write(`${row},${note}\n`)) await once(out, 'drain');
    }
    await finished(out.end());
    const little = { NODE_OPTIONS: '--max-old-space-size=90' };
    const ran = await rivulet('import big.csv --errors big-wrong.csv', little);
    expect([ran.code, ran.err]).toEqual([1, 'More than half of the rows were refused.\n']);
    expect(counts(ran.out)).toEqual({
      rows,
      imported: right,
      unchanged: 0,
      refused: rows - right,
      'not an address': rows / 2 - right,
      'unknown reason': rows / 2,
    });
    expect(await suppressionsOf('p29980@example.com')).toHaveLength(1);
    expect(readFileSync(cli.inFolder('big-wrong.csv'), 'utf8').split('\n')).toHaveLength(rows - right + 2);
  }, 300_000);
});
