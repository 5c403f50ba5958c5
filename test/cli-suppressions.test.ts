import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

import { parse } from 'csv-parse/sync';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import { importFile } from '../cli/suppressions/import.ts';
import { NotDone } from '../cli/wrong-use.ts';
import { createKeys } from '../state/keys.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { agreeOnSecret } from '../state/secret.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { person } from './support/events.ts';

const servers = inject('servers');
const secret = '5ec7e75e'.repeat(8);
let redis: Redis;
let folder: string;
/** What a worker with the same rivulet.yaml and secret remembers; each test has its own. */
let memory: Memory;
let key_prefix: string;

beforeAll(() => {
  redis = new Redis(servers.redis);
  folder = mkdtempSync(join(tmpdir(), 'rivulet-suppressions-'));
});
afterAll(() => {
  redis.disconnect();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => configure());

function configure(more: { suppression?: object; provider?: object } = {}): void {
  key_prefix = `cli-suppressions-${randomUUID()}:`;
  const config = { ...more, suppression: { key_prefix, ...more.suppression } };
  writeFileSync(join(folder, 'rivulet.yaml'), JSON.stringify(config));
  const settings = { keyPrefix: key_prefix, secret, rateLimit: 10, quotaReserve: 0.1, rememberSendsMs: 60_000 };
  memory = createMemory(redis, settings);
}

interface Ran {
  code: number;
  out: string;
  err: string;
}

function rivulet(command: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const mine = { REDIS_URL: servers.redis, RIVULET_CONFIG: join(folder, 'rivulet.yaml'), RIVULET_SECRET: secret };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiledCli, 'suppressions', ...command.split(' ')],
      { cwd: folder, env: { ...process.env, ...mine, ...env }, maxBuffer: 100_000_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

/** The same for a file to import, without a process of its own. */
async function imports(name: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const mine = { REDIS_URL: servers.redis, RIVULET_CONFIG: join(folder, 'rivulet.yaml'), RIVULET_SECRET: secret };
  const lines: string[] = [];
  const context = { root: folder, env: { ...mine, ...env }, print: (line: string) => void lines.push(line) };
  await importFile(context, join(folder, name), {});
  return lines.join('\n');
}

const noSecret = { RIVULET_SECRET: '' };
const ada = 'ada@example.com';
/** In an order of their own: Redis gives them in any. */
const of = async (address: string) =>
  (await memory.suppressions.of(memory.addressHash(address))).toSorted((one, other) =>
    one.reason.localeCompare(other.reason),
  );
const toTell = () => redis.smembers(`${key_prefix}suppressions-to-tell`);

/** Nothing at all that this test's deployment has in Redis. */
const everything = async () => (await redis.keys(`${key_prefix}*`)).toSorted();

function file(text: string, name = 'list.csv'): string {
  writeFileSync(join(folder, name), text);
  return name;
}
const errorsIn = (name: string) =>
  parse<{ line: string; reason: string; row: string }>(readFileSync(join(folder, name)), { columns: true });

/** The numbers of a report, by name. */
const counts = (out: string) =>
  Object.fromEntries(
    [...out.matchAll(/^ {2,4}(\S.*?) {2,}(\d+)$/gm)].map(([, name = '', number]) => [name, Number(number)]),
  );

describe('rivulet suppressions add', () => {
  it('suppresses an address in any spelling, and shows what that stops and whom it concerns', async () => {
    const who = person('ada');
    await memory.contacts.record(who.user_id, { email: who.email }, 1);
    const { code, out, err } = await rivulet(`add ${who.email.toUpperCase()} --reason manual`);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(
      `Suppressed: A…@EXAMPLE.COM (${memory.addressHash(who.email)})`.replace('EXAMPLE.COM', 'example.com'),
    );
    expect(out).toMatch(/manual: stops all mail since \d{4}-\d\d-\d\d .* UTC \(operator\)/);
    expect(out).toContain(`people with this address: ${who.user_id}\n`);
    expect(await of(who.email)).toMatchObject([{ reason: 'manual', scope: 'all', source: 'operator' }]);
    expect(await memory.facts.of(memory.addressHash(who.email))).toMatchObject([
      { what: 'suppressed', reason: 'manual', source: 'operator' },
    ]);
  });

  it('takes the hash of an address, and then needs no secret', async () => {
    const hash = memory.addressHash(ada);
    const { code, out } = await rivulet(`add ${hash} --reason complaint --scope marketing`, noSecret);
    expect(code).toBe(0);
    expect(out).toContain(`Suppressed: ${hash}\n`);
    expect(await of(ada)).toMatchObject([{ reason: 'complaint', scope: 'marketing' }]);
  });

  it('a second time changes nothing, and says so', async () => {
    await rivulet(`add ${ada} --reason manual`);
    const before = await of(ada);
    expect((await rivulet(`add ${ada} --reason manual`)).out).toMatch(/^Suppressed already, nothing changed: a…@/);
    expect(await of(ada)).toEqual(before);
  });

  it("notes bounces and complaints for the provider's list, and nothing else", async () => {
    expect((await rivulet(`add ${ada} --reason manual`)).out).not.toContain('provider');
    expect(await toTell()).toEqual([]);
    expect((await rivulet(`add ${ada} --reason hard_bounce`)).out).toContain(
      "The provider's list is told within 24 hours, if somebody here has this address.",
    );
    expect(await toTell()).toEqual([memory.addressHash(ada)]);
  });

  it.each([
    ['no reason', `add ${ada}`, '--reason'],
    ['a reason that only feedback gives', `add ${ada} --reason soft_bounces`, 'Allowed choices are manual'],
    ['an unknown scope', `add ${ada} --reason manual --scope some`, 'all, marketing'],
    ['neither an address nor a hash', 'add ada --reason manual', 'Give an address such as ada@example.com'],
    ['a mistyped reason to remove', `remove ${ada} --reason bounces`, 'hard_bounce'],
  ])('with %s: exit code 2, and nothing changes', async (_, command, says) => {
    const { code, out, err } = await rivulet(command);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(await everything()).toEqual([]);
  });

  it('of an address asks for the secret, and for the right one', async () => {
    expect(await agreeOnSecret(redis, createKeys(key_prefix, secret))).toBe(true);
    const before = await everything();
    const none = await rivulet(`add ${ada} --reason manual`, noSecret);
    expect([none.code, none.out]).toEqual([1, '']);
    expect(none.err).toContain('RIVULET_SECRET is not set');
    const other = await rivulet(`add ${ada} --reason manual`, { RIVULET_SECRET: 'ab'.repeat(32) });
    expect([other.code, other.out]).toEqual([1, '']);
    expect(other.err).toContain('RIVULET_SECRET is not the one with which this Redis was filled');
    expect(await everything()).toEqual(before);
  });
});

describe('rivulet suppressions remove', () => {
  beforeEach(async () => {
    for (const reason of ['manual', 'hard_bounce'] as const) {
      const suppression = { reason, scope: 'all', since: 1, source: 'provider' } as const;
      await memory.suppressions.add(memory.addressHash(ada), suppression);
    }
  });
  const lifts = () => memory.suppressionSync.lifts();
  const at = expect.any(Number);

  it("lifts everything, and has the provider's list cleared too", async () => {
    const { code, out } = await rivulet(`remove ${ada}`);
    expect(code).toBe(0);
    expect(out).toMatch(/^Lifted: (manual, hard_bounce|hard_bounce, manual) of a…@example\.com/);
    expect(out).toContain('Nothing suppresses this address now');
    expect(out).toContain("The provider's own list is cleared of it at the next run of suppression-sync.");
    expect(await of(ada)).toEqual([]);
    expect(await lifts()).toEqual([{ addressHash: memory.addressHash(ada), at }]);
  });

  it('lifts one reason, and shows what stands', async () => {
    const { out } = await rivulet(`remove ${memory.addressHash(ada)} --reason hard_bounce`, noSecret);
    expect(out).toContain('Lifted: hard_bounce of');
    expect(out).toContain('manual: stops all mail since 1970-01-01 00:00:00 UTC (provider)');
    expect(await of(ada)).toMatchObject([{ reason: 'manual' }]);
    expect(await lifts()).toEqual([{ addressHash: memory.addressHash(ada), reason: 'hard_bounce', at }]);
  });

  it("of what the provider's list cannot hold leaves that list alone", async () => {
    expect((await rivulet(`remove ${ada} --reason manual`)).out).not.toContain("provider's own list");
    expect(await lifts()).toEqual([]);
  });

  it('of what is not suppressed is no mistake', async () => {
    const { code, out } = await rivulet('remove grace@example.com --reason manual');
    expect(code).toBe(0);
    expect(out).toMatch(/^Not suppressed for manual: g…@example\.com/);
  });
});

describe('rivulet suppressions import', () => {
  it('takes addresses and hashes, with reason, scope and date or without, in columns of any order', async () => {
    const hash = memory.addressHash('hash@example.com');
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
    configure({ suppression: { complaints_stop: 'marketing' } });
    const before = Date.now();
    const { code, out, err } = await rivulet(`import ${list}`);
    expect([code, err]).toEqual([0, '']);
    expect(counts(out)).toEqual({ rows: 5, added: 5, 'already there': 0, wrong: 0 });
    const one = { source: 'import', scope: 'all' };
    expect(await of('ada@example.com')).toEqual([{ ...one, reason: 'hard_bounce', since: Date.UTC(2024, 4, 6) }]);
    expect(await of('bob@example.com')).toEqual([
      { ...one, reason: 'complaint', since: 1_700_000_000_000, scope: 'marketing' },
    ]);
    expect(await of('cy@example.com')).toEqual([
      { ...one, reason: 'manual', scope: 'marketing', since: Date.UTC(2024, 4, 6, 7, 8, 9) },
    ]);
    expect(await of('di@example.com')).toMatchObject([{ since: Date.UTC(2024, 4, 6, 5, 8, 9) }]);
    const [last] = await memory.suppressions.of(memory.addressHash('hash@example.com'));
    expect(last?.since).toBeGreaterThanOrEqual(before);
    expect((await toTell()).toSorted()).toEqual(
      ['ada', 'bob', 'di'].map((name) => memory.addressHash(`${name}@example.com`)).toSorted(),
    );
  });

  it.each([
    ['a byte order mark and Windows line ends', '\uFEFF"email",reason\r\nada@example.com,bounce\r\n'],
    ['semicolons', 'email;reason\nada@example.com;bounce\n'],
    ['tabs and no line end at the end', 'email\treason\nada@example.com\tbounce'],
    ['quotes', '"email","reason","note"\n"ada@example.com","bounce","says ""no"", twice"\n'],
    ['a quoted field over three lines', 'email,reason,note\nada@example.com,bounce,"one,\ntwo\nthree"\n'],
    ['empty lines and spaces', ' email , reason \n\n  ada@example.com , bounce\n\n'],
  ])('takes a file with %s', async (_, text) => {
    expect(counts(await imports(file(text)))).toMatchObject({ rows: 1, added: 1, wrong: 0 });
    expect(await of(ada)).toMatchObject([{ reason: 'hard_bounce' }]);
  });

  it('leaves wrong rows out, tells each with its line, and writes them all to a file; the rest is imported', async () => {
    const list = file(
      [
        'email,reason,since,scope',
        'not an address,,,',
        'b@example.com,because,,',
        'c@example.com,,yesterday,',
        'd@example.com,,2024-02-31,',
        'e@example.com,,1700000000,',
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
    const { code, out } = await rivulet(`import ${list} --errors wrong.csv`);
    expect(code).toBe(0);
    expect(counts(out)).toEqual({
      rows: 13,
      added: 2,
      'already there': 0,
      wrong: 11,
      'not an address': 2,
      'unknown reason': 1,
      'bad date': 4,
      'wrong number of columns': 1,
      'unknown scope': 1,
      'quotes that do not match': 2,
    });
    expect(out).toContain('The first 10 of the wrong rows:\n  line 2: not an address "not an address"\n');
    expect(out).toContain('  line 3: unknown reason "because"\n');
    expect(out.match(/^ {2}line \d+: /gm)).toHaveLength(10);
    expect(out).toContain('11 wrong rows were left out, all others were imported.\nAll of them are in wrong.csv.\n');
    const wrong = errorsIn('wrong.csv');
    expect(wrong.map(({ line }) => Number(line))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14]);
    expect(wrong[1]).toEqual({ line: '3', reason: 'unknown reason', row: 'b@example.com,because,,' });
    expect(wrong[8]).toEqual({ line: '10', reason: 'quotes that do not match', row: '"i@example.com,,,' });
    expect([await of('j@example.com'), await of('l@example.com')]).toMatchObject([[{}], [{}]]);
  });

  it('a second time adds nothing', async () => {
    const list = file('email,reason\nada@example.com,bounce\nADA@EXAMPLE.COM,bounce\nada@example.com,complaint\n');
    expect(counts(await imports(list))).toMatchObject({ rows: 3, added: 2, 'already there': 1 });
    expect(counts(await imports(list))).toMatchObject({ rows: 3, added: 0, 'already there': 3 });
  });

  it('--dry-run changes nothing, says so, and counts the same', async () => {
    await memory.contacts.record('u_1', { email: ada }, 1);
    const there = { reason: 'manual', scope: 'marketing', since: 1, source: 'import' } as const;
    await memory.suppressions.add(memory.addressHash('there@example.com'), there);
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
    expect(dry.out).toMatch(/^Dry run of list\.csv: nothing was changed\. An import would give:\n/);
    expect(await everything()).toEqual(before);
    expect(await of('there@example.com')).toEqual([there]);
    const real = await imports(list);
    expect(counts(dry.out)).toEqual(counts(real));
    expect(counts(real)).toMatchObject({ rows: 11, added: 6, 'already there': 4, wrong: 1 });
  });

  it('of hashes alone needs no secret; of addresses it does', async () => {
    const hash = memory.addressHash(ada);
    expect(await imports(file(`address_hash\n${hash}\nshort\n`), noSecret)).toContain('not an address hash "short"');
    expect(await of(ada)).toHaveLength(1);
    const { code, err } = await rivulet(`import ${file('email\nada@example.com\n')}`, noSecret);
    expect(code).toBe(1);
    expect(err).toContain('RIVULET_SECRET is not set');
  });

  it.each([
    ['is not there', () => 'nowhere.csv', 'nowhere.csv cannot be read'],
    ['is a folder', () => '.', 'cannot be read'],
    ['is empty', () => file(''), 'the first row must name the columns, email or address_hash among them'],
    ['has no header', () => file('ada@example.com,bounce\n'), 'the first row must name the columns'],
    ['is no text', () => file('\u0000'.repeat(2_000_000)), 'Is it CSV?'],
  ])('fails when the file %s, and changes nothing', async (_, name, says) => {
    await expect(imports(name())).rejects.toThrow(NotDone);
    await expect(imports(name())).rejects.toThrow(says);
    expect(await everything()).toEqual([]);
  });

  it('fails with exit code 1 and a line of words', async () => {
    const { code, out, err } = await rivulet('import nowhere.csv');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^nowhere\.csv cannot be read: [^\n]*\n$/);
  });

  it('does not write its errors over the list itself, or where nobody can', async () => {
    const list = file('email\nada@example.com\n');
    expect((await rivulet(`import ${list} --errors ./${list}`)).code).toBe(2);
    expect(readFileSync(join(folder, list), 'utf8')).toBe('email\nada@example.com\n');
    const { code, err } = await rivulet(`import ${list} --errors no/such/folder.csv`);
    expect(code).toBe(1);
    expect(err).toContain('Nothing was imported.');
    expect(await everything()).toEqual([]);
  });

  it('takes 100,000 rows, half of them wrong, in less memory than the file is long', async () => {
    const rows = 100_000;
    const out = createWriteStream(join(folder, 'big.csv'));
    out.write('email,reason,note\n');
    const note = 'n'.repeat(1_000);
    for (let i = 1; i <= rows; i++) {
      const row = i % 2 === 0 ? `p${i}@example.com,bounce` : i % 4 === 1 ? `p${i},bounce` : `p${i}@example.com,odd`;
      if (!out.write(`${row},${note}\n`)) await once(out, 'drain');
    }
    await finished(out.end());
    const little = { NODE_OPTIONS: '--max-old-space-size=90' };
    const ran = await rivulet('import big.csv --errors big-wrong.csv', little);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(counts(ran.out)).toEqual({
      rows,
      added: rows / 2,
      'already there': 0,
      wrong: rows / 2,
      'not an address': rows / 4,
      'unknown reason': rows / 4,
    });
    expect(await of('p99998@example.com')).toHaveLength(1);
    expect(readFileSync(join(folder, 'big-wrong.csv'), 'utf8').split('\n')).toHaveLength(rows / 2 + 2);
  }, 120_000);
});

describe('rivulet suppressions export', () => {
  const fill = async () => {
    await memory.contacts.record('u_1', { email: ada }, 1);
    await memory.contacts.record('u_2', { email: ada }, 1);
    const one = { scope: 'all', since: Date.UTC(2024, 0, 2), source: 'feedback' } as const;
    await memory.suppressions.add(memory.addressHash(ada), { ...one, reason: 'complaint', scope: 'marketing' });
    await memory.suppressions.add(memory.addressHash('b@example.com'), { ...one, reason: 'hard_bounce' });
    const until = Date.UTC(2999, 0, 2);
    await memory.suppressions.add(memory.addressHash('b@example.com'), { ...one, reason: 'soft_bounces', until });
  };
  const read = (text: string) => parse<Record<string, string>>(text, { columns: true });

  it('writes every reason of every address, by hash, and says why there are no addresses', async () => {
    await fill();
    const { code, out, err } = await rivulet('export', noSecret);
    expect(code).toBe(0);
    expect(err).toContain('The list holds no addresses, only their hashes');
    expect(out).toMatch(/^address_hash,reason,scope,since,until,source,user_ids\n/);
    expect(read(out).toSorted((one, other) => String(one['reason']).localeCompare(String(other['reason'])))).toEqual([
      {
        address_hash: memory.addressHash(ada),
        reason: 'complaint',
        scope: 'marketing',
        since: '2024-01-02T00:00:00.000Z',
        until: '',
        source: 'feedback',
        user_ids: 'u_1 u_2',
      },
      expect.objectContaining({ reason: 'hard_bounce', user_ids: '' }),
      expect.objectContaining({ reason: 'soft_bounces', until: '2999-01-02T00:00:00.000Z' }),
    ]);
  });

  it('into a file can be imported again, and nothing is missing', async () => {
    await fill();
    const before = await of('b@example.com');
    const { code, out } = await rivulet('export all.csv', noSecret);
    expect([code, out]).toEqual([0, '']);
    configure();
    expect(counts(await imports('all.csv', noSecret))).toMatchObject({ rows: 3, added: 3, wrong: 0 });
    const bySource = (all: object[]) => all.map((each) => ({ ...each, source: 'import' }));
    expect(await of('b@example.com')).toEqual(bySource(before));
    expect(await of(ada)).toMatchObject([{ reason: 'complaint', scope: 'marketing' }]);
  });

  it('of an empty list is a header', async () => {
    expect((await rivulet('export', noSecret)).out).toBe('address_hash,reason,scope,since,until,source,user_ids\n');
  });

  it('to where nobody can write fails with exit code 1', async () => {
    const { code, err } = await rivulet('export no/such/folder.csv');
    expect(code).toBe(1);
    expect(err).toContain('no/such/folder.csv cannot be written');
    expect(existsSync(join(folder, 'no'))).toBe(false);
  });
});
