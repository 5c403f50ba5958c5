import { existsSync } from 'node:fs';

import { parse } from 'csv-parse/sync';
import { beforeEach, describe, expect, it } from 'vitest';

import { person } from './support/events.ts';
import { ada, counts, noSecret, suppressionsCli } from './support/suppressions-cli.ts';
import { anotherSecret } from './support/secrets.ts';

const cli = suppressionsCli();
const { rivulet, imports, suppressionsOf, toTell, everything } = cli;

describe('rivulet suppressions add', () => {
  it('suppresses an address in any spelling, and shows what that stops and whom it concerns', async () => {
    const who = person('ada');
    await cli.store.contacts.record(who.user_id, { email: who.email }, 1);
    const { code, out, err } = await rivulet(`add ${who.email.toUpperCase()} --reason manual`);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(
      `Suppressed: A…@EXAMPLE.COM (${cli.store.addressHash(who.email)})`.replace('EXAMPLE.COM', 'example.com'),
    );
    expect(out).toMatch(/manual: stops all mail since \d{4}-\d\d-\d\d .* UTC \(operator\)/);
    expect(out).toContain(`people with this address: ${who.user_id}\n`);
    expect(await suppressionsOf(who.email)).toMatchObject([{ reason: 'manual', scope: 'all', source: 'operator' }]);
    const address_hash = cli.store.addressHash(who.email);
    expect(await cli.store.facts.lastOf({ address_hash }, 10)).toMatchObject([
      { what: 'suppressed', details: { reason: 'manual', source: 'operator' } },
    ]);
  });

  it('takes the hash of an address, and then needs no secret', async () => {
    const hash = cli.store.addressHash(ada);
    const { code, out } = await rivulet(`add ${hash} --reason complaint --scope marketing`, noSecret);
    expect(code).toBe(0);
    expect(out).toContain(`Suppressed: ${hash}\n`);
    expect(await suppressionsOf(ada)).toMatchObject([{ reason: 'complaint', scope: 'marketing' }]);
  });

  it('a second time changes nothing, and says so', async () => {
    await rivulet(`add ${ada} --reason manual`);
    const before = await suppressionsOf(ada);
    expect((await rivulet(`add ${ada} --reason manual`)).out).toMatch(/^Suppressed already, nothing changed: a…@/);
    expect(await suppressionsOf(ada)).toEqual(before);
  });

  it("notes bounces and complaints for the provider's list, and nothing else", async () => {
    expect((await rivulet(`add ${ada} --reason manual`)).out).not.toContain('provider');
    expect(await toTell()).toEqual([]);
    expect((await rivulet(`add ${ada} --reason hard_bounce`)).out).toContain(
      "The provider's list is told within 24 hours, if somebody here has this address.",
    );
    expect(await toTell()).toEqual([cli.store.addressHash(ada)]);
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
    await cli.agreeOnSecret();
    const before = await everything();
    const none = await rivulet(`add ${ada} --reason manual`, noSecret);
    expect([none.code, none.out]).toEqual([1, '']);
    expect(none.err).toContain('RIVULET_SECRET is not set');
    const other = await rivulet(`add ${ada} --reason manual`, { RIVULET_SECRET: anotherSecret });
    expect([other.code, other.out]).toEqual([1, '']);
    expect(other.err).toContain('RIVULET_SECRET is not the one that this installation was made with');
    expect(await everything()).toEqual(before);
  });
});

describe('rivulet suppressions remove', () => {
  beforeEach(async () => {
    for (const reason of ['manual', 'hard_bounce'] as const) {
      const suppression = { reason, scope: 'all', since: 1, source: 'provider' } as const;
      await cli.store.suppressions.add(cli.store.addressHash(ada), suppression);
    }
  });
  const lifts = () => cli.store.suppressionSync.lifts();
  const at = expect.any(Number);

  it("lifts everything, and has the provider's list cleared too", async () => {
    const { code, out } = await rivulet(`remove ${ada}`);
    expect(code).toBe(0);
    expect(out).toMatch(/^Lifted: (manual, hard_bounce|hard_bounce, manual) of a…@example\.com/);
    expect(out).toContain('Nothing suppresses this address now');
    expect(out).toContain("The provider's own list is cleared of it at the next run of suppression-sync.");
    expect(await suppressionsOf(ada)).toEqual([]);
    expect(await lifts()).toEqual([{ addressHash: cli.store.addressHash(ada), at }]);
  });

  it('lifts one reason, and shows what stands', async () => {
    const { out } = await rivulet(`remove ${cli.store.addressHash(ada)} --reason hard_bounce`, noSecret);
    expect(out).toContain('Lifted: hard_bounce of');
    expect(out).toContain('manual: stops all mail since 1970-01-01 00:00:00 UTC (provider)');
    expect(await suppressionsOf(ada)).toMatchObject([{ reason: 'manual' }]);
    expect(await lifts()).toEqual([{ addressHash: cli.store.addressHash(ada), reason: 'hard_bounce', at }]);
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

describe('rivulet suppressions export', () => {
  const fill = async () => {
    await cli.store.contacts.record('u_1', { email: ada }, 1);
    await cli.store.contacts.record('u_2', { email: ada }, 1);
    const one = { scope: 'all', since: Date.UTC(2024, 0, 2), source: 'feedback' } as const;
    await cli.store.suppressions.add(cli.store.addressHash(ada), { ...one, reason: 'complaint', scope: 'marketing' });
    await cli.store.suppressions.add(cli.store.addressHash('b@example.com'), { ...one, reason: 'hard_bounce' });
    const until = Date.UTC(2999, 0, 2);
    await cli.store.suppressions.add(cli.store.addressHash('b@example.com'), {
      ...one,
      reason: 'soft_bounces',
      until,
    });
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
        address_hash: cli.store.addressHash(ada),
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
    const before = await suppressionsOf('b@example.com');
    const { code, out } = await rivulet('export all.csv', noSecret);
    expect([code, out]).toEqual([0, '']);
    await cli.forget();
    expect(counts(await imports('all.csv', noSecret))).toMatchObject({ rows: 3, imported: 3, refused: 0 });
    const bySource = (all: object[]) => all.map((each) => ({ ...each, source: 'import' }));
    expect(await suppressionsOf('b@example.com')).toEqual(bySource(before));
    expect(await suppressionsOf(ada)).toMatchObject([{ reason: 'complaint', scope: 'marketing' }]);
  });

  it('of an empty list is a header', async () => {
    expect((await rivulet('export', noSecret)).out).toBe('address_hash,reason,scope,since,until,source,user_ids\n');
  });

  it('to where nobody can write fails with exit code 1', async () => {
    const { code, err } = await rivulet('export no/such/folder.csv');
    expect(code).toBe(1);
    expect(err).toContain('no/such/folder.csv cannot be written');
    expect(existsSync(cli.inFolder('no'))).toBe(false);
  });
});
