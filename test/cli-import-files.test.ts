import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { importPeople } from '../cli/people/import.ts';
import { importFile } from '../cli/suppressions/import.ts';
import { counts, suppressionsCli } from './support/suppressions-cli.ts';

const cli = suppressionsCli();
const { everything, suppressionsOf } = cli;

function file(bytes: string | Uint8Array, name = 'list.csv'): string {
  writeFileSync(cli.inFolder(name), bytes);
  return cli.inFolder(name);
}
const suppressions = (path: string, options = {}) => cli.printed((context) => importFile(context, path, options));
const people = (path: string, options = {}) => cli.printed((context) => importPeople(context, path, options));

const utf16le = (text: string, mark = '\uFEFF') => Buffer.from(mark + text, 'utf16le');
const utf16be = (text: string, mark = '\uFEFF') => utf16le(text, mark).swap16();
const rows = (end: string, separator = ',') =>
  [
    ['email', 'reason'],
    ['ada@example.com', 'bounce'],
    ['bob@example.com', 'complaint'],
  ]
    .map((cells) => cells.join(separator) + end)
    .join('');

const objects = [
  { email: 'ada@example.com', reason: 'bounce', tags: ['*'] },
  { EMAIL: 'x', email: 'bob@example.com', tags: null, reason: 'complaint' },
];

describe('a file to import', () => {
  it.each<[string, string | Uint8Array]>([
    ['LF', rows('\n')],
    ['CRLF', rows('\r\n')],
    ['CR', rows('\r')],
    ['no line end at the end', rows('\r').trimEnd()],
    ['a byte order mark', `\uFEFF${rows('\r\n')}`],
    ['UTF-16, little-endian', utf16le(rows('\r\n'))],
    ['UTF-16, big-endian', utf16be(rows('\n'))],
    ['UTF-16 without a mark, little-endian', utf16le(rows('\n'), '')],
    ['UTF-16 without a mark, big-endian', utf16be(rows('\r'), '')],
    ['semicolons', rows('\r\n', ';')],
    ['tabs', rows('\n', '\t')],
    ['vertical bars', rows('\n', '|')],
    ['sep=;', `sep=;\r\n${rows('\r\n', ';')}`],
    ['a quoted sep=,', `"sep=,"\n${rows('\n')}`],
    ['UTF-16, sep and tabs', utf16le(`sep=\t\r\n${rows('\r\n', '\t')}`)],
    ['empty lines and spaces', ' Email , REASON \n\n  ada@example.com , bounce\n\n bob@example.com,complaint\n\n'],
    ['quotes', '"e-mail","reason","note"\n"ada@example.com","bounce","says ""no"""\nbob@example.com,complaint,x\n'],
    ['a field over three lines', 'email,reason,x\nada@example.com,bounce,"1,\r\n2\r3"\nbob@example.com,complaint,\n'],
    ['rows that end with separators', 'email,reason\nada@example.com,bounce,,\nbob@example.com,complaint,\n'],
    ['mailboxes', 'email,reason\nAda Lovelace <ada@example.com>,bounce\n<bob@example.com>,complaint\n'],
    ['quoted mailboxes', 'email,reason\n"""Ada, L."" <ada@example.com>",bounce\n"Bob" <bob@example.com>,complaint\n'],
    ['a JSON array', JSON.stringify(objects, undefined, 2)],
    ['a JSON object with a list', utf16le(JSON.stringify({ Items: objects, paging: { next: 'x' }, NextToken: 'x' }))],
    ['a JSON object a line', objects.map((each) => `${JSON.stringify(each)}\r\n`).join('')],
  ])('may have %s', async (_, bytes) => {
    const { out, failed } = await suppressions(file(bytes));
    expect(failed).toBeUndefined();
    expect(counts(out)).toEqual({ rows: 2, imported: 2, unchanged: 0, refused: 0 });
    expect(await suppressionsOf('ada@example.com')).toMatchObject([{ reason: 'hard_bounce' }]);
    expect(await suppressionsOf('bob@example.com')).toMatchObject([{ reason: 'complaint' }]);
  });

  /** What the file system reads at a time, in bytes. */
  const chunk = 65_536;

  it('is read over the boundaries of its chunks: a CRLF there is one line end', async () => {
    const before = 'email,note\r\nada@example.com,';
    const text = `${before}${'n'.repeat(chunk - before.length - 1)}\r\nnobody,\r\n`;
    expect(text.slice(chunk - 1, chunk + 1)).toBe('\r\n');
    const { out } = await suppressions(file(text));
    expect(counts(out)).toMatchObject({ rows: 2, imported: 1, refused: 1 });
    expect(out).toContain('not an address: line 3,');
  });

  it('is read over the boundaries of its chunks: a character there is whole', async () => {
    const before = 'user_id,email,note,name\nu_1,ada@example.com,';
    const text = `${before}${'n'.repeat(chunk - before.length - 2)},éé`;
    expect(
      Buffer.from(text)
        .subarray(chunk - 1, chunk + 1)
        .toString(),
    ).toBe('é');
    const { out } = await people(file(text));
    expect(counts(out)).toMatchObject({ imported: 1 });
    expect(await cli.store.contacts.find('u_1')).toEqual({ email: 'ada@example.com', name: 'éé' });
  });

  it.each([
    ['little-endian', utf16le],
    ['big-endian', utf16be],
  ])('may be UTF-16 with a mark and hardly any Latin letters, %s', async (_, encode) => {
    const { out } = await suppressions(file(encode(`email,note\nada@example.com,${'山田'.repeat(500)}\n`)));
    expect(counts(out)).toMatchObject({ rows: 1, imported: 1 });
  });

  const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
  const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000ffdb0043000806060706', 'hex');

  it.each<[string, string | Uint8Array | undefined, string]>([
    ['is not there', undefined, 'cannot be read'],
    ['is empty', '', 'is empty'],
    ['is a byte order mark', '\uFEFF', 'is empty'],
    ['is empty lines', '\r\n\r\n', 'is empty'],
    ['is a PNG image', png, 'is not a text file'],
    ['is a JPEG image', jpeg, 'is not a text file'],
    ['is a zip archive', Buffer.from('504b03041400000008002d5a7a59', 'hex'), 'is not a text file'],
    ['is zero bytes', new Uint8Array(2_000_000), 'is not a text file'],
    ['is bytes of no encoding', Buffer.alloc(1_000, 0xff), 'is not a text file'],
    ['is one long line', 'x'.repeat(2_000_000), 'Is it CSV?'],
    ['is broken JSON', '[{"email": "ada@example.com"}', 'neither CSV nor a JSON list'],
    ['is the JSON of an error', '{"error": {"message": "denied"}}', 'has no column with addresses'],
    ['is an empty JSON list', '{"Suppressions": []}', 'is an empty list'],
    ['is a JSON list of texts', '["ada@example.com"]', 'neither CSV nor a JSON list'],
    ['has no header', 'ada@example.com,bounce\n', 'has no column with addresses'],
    ['has no column with addresses', 'name;id\nAda;u_1\n', 'Its columns: "name", "id".'],
  ])('is unusable when it %s: nothing changes, and the exit code is 1', async (_, bytes, message) => {
    const path = bytes === undefined ? cli.inFolder('nowhere.csv') : file(bytes);
    for (const { out, failed } of [await suppressions(path), await people(path, { topic: ['offers'] })]) {
      expect([out, failed?.name]).toEqual(['', 'NotDone']);
      expect(failed?.message).toContain(message);
    }
    expect(await everything()).toEqual([]);
  });

  it('that is unusable ends the commands with exit code 1 and one line, and an unknown column with 2', async () => {
    file(png, 'image.csv');
    file('id,contact\nu_1,ada@example.com\n', 'list.csv');
    const ran = await Promise.all([
      cli.run(['suppressions', 'import', 'image.csv']),
      cli.run(['people', 'import', 'image.csv']),
      cli.run(['suppressions', 'import', '.']),
      cli.run(['suppressions', 'import', 'list.csv', '--column', 'email=Mail']),
      cli.run(['people', 'import', 'list.csv', '--column', 'email=Mail']),
    ]);
    expect(ran.map(({ code }) => code)).toEqual([1, 1, 1, 2, 2]);
    expect(ran.map(({ out, err }) => [out, err.trimEnd().split('\n').length])).toEqual(ran.map(() => ['', 1]));
    expect(ran[3]?.err).toBe('--column: list.csv has no column "Mail". Its columns: "id", "contact".\n');
    expect(await everything()).toEqual([]);
  }, 60_000);

  it.each([
    ['a field that is none', ['mail=contact'], 'unknown field "mail". Fields: email, address_hash'],
    ['no column', ['email'], 'give a field and a column'],
    ['an empty column', ['email='], 'give a field and a column'],
    ['a column that the file does not have', ['email=Mail'], 'no column "Mail". Its columns: "contact".'],
  ])('cannot be mapped with %s: a usage error', async (_, column, message) => {
    const { failed } = await suppressions(file('contact\nada@example.com\n'), { column });
    expect(failed?.name).toBe('WrongUse');
    expect(failed?.message).toContain(message);
  });

  it('may name its columns in any way with --column', async () => {
    const path = file('Kontakt;Grund;email;Datum\nada@example.com;bounce;other;1700000000\n');
    const column = ['email=kontakt', 'reason=Grund', 'since=Datum'];
    expect(counts((await suppressions(path, { column })).out)).toMatchObject({ imported: 1 });
    expect(await suppressionsOf('ada@example.com')).toMatchObject([
      { reason: 'hard_bounce', since: 1_700_000_000_000 },
    ]);
  });

  it.each([
    ['1700000000', 1_700_000_000_000],
    ['1700000000.25', 1_700_000_000_250],
    ['1700000000123', 1_700_000_000_123],
    ['2024-05-06', Date.UTC(2024, 4, 6)],
    ['2024-05-06 07:08:09', Date.UTC(2024, 4, 6, 7, 8, 9)],
    ['2024-05-06 07:08', Date.UTC(2024, 4, 6, 7, 8)],
    ['2024-05-06T07:08:09.5Z', Date.UTC(2024, 4, 6, 7, 8, 9, 500)],
    ['2024-05-06T07:08:09.123456+02:00', Date.UTC(2024, 4, 6, 5, 8, 9, 123)],
    ['2024-05-06 07:08:09 UTC', Date.UTC(2024, 4, 6, 7, 8, 9)],
    ['2024-05-06 07:08:09 +0200', Date.UTC(2024, 4, 6, 5, 8, 9)],
    ['Mon, 06 May 2024 07:08:09 GMT', Date.UTC(2024, 4, 6, 7, 8, 9)],
    ['Mon, 06 May 2024 07:08:09 +0200', Date.UTC(2024, 4, 6, 5, 8, 9)],
  ])('may have the time %s', async (text, since) => {
    await suppressions(file(`email;since\nada@example.com;"${text}"\n`));
    expect(await suppressionsOf('ada@example.com')).toMatchObject([{ since }]);
  });

  it.each(['yesterday', '2024-02-31', '2999-01-01', '12', '06/05/2024', '2024-05-06T25:00:00Z'])(
    'has its row refused for the time %s',
    async (text) => {
      const { out, failed } = await suppressions(file(`email,since\nada@example.com,${text}\n`));
      expect(counts(out)).toMatchObject({ imported: 0, refused: 1, 'bad date': 1 });
      expect(failed?.message).toBe('No row could be imported.');
    },
  );

  it('fails when more than half of its rows are refused, not when half are', async () => {
    const half = await suppressions(file('email\nada@example.com\nx\n'));
    expect([counts(half.out)['refused'], half.failed]).toEqual([1, undefined]);
    const more = await suppressions(file('email\nada@example.com\nx\ny\n'));
    expect([counts(more.out)['refused'], more.failed?.message]).toEqual([
      2,
      'More than half of the rows were refused.',
    ]);
  });

  it('with a header alone is an empty list: no failure', async () => {
    const { out, failed } = await suppressions(file('email,reason\r'));
    expect([counts(out), failed]).toEqual([{ rows: 0, imported: 0, unchanged: 0, refused: 0 }, undefined]);
  });
});
