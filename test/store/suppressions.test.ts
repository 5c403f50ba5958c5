import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createSuppressions } from '../../store/postgres/suppressions.ts';
import { isUndoneBy, reasonAgainst, type Suppression, widen } from '../../store/suppressions.ts';
import { failAt, ownDatabase } from '../support/database.ts';
import { anAddress, day, implementations, monday, postgresStores } from '../support/people-stores.ts';

const tuesday = monday + day;
const manual: Suppression = { reason: 'manual', scope: 'all', since: monday, source: 'operator' };
const classes = ['marketing', 'transactional'] as const;

describe.each(implementations)('suppressions in %s', (_, start) => {
  const stores = start();
  const aHash = () => stores().addressHash(anAddress());

  it.each(['ada@bücher.example', ' ADA@BÜCHER.Example ', 'Ada@xn--bcher-kva.example'])(
    'are found for the address spelled as %s',
    async (spelling) => {
      const { suppressions, addressHash } = stores();
      await suppressions.add(addressHash('ada@bücher.example'), manual);
      expect(await suppressions.reasonFor(addressHash(spelling), 'transactional')).toBe('manual');
    },
  );

  it('are not those of other mailboxes: dots and tags make others', async () => {
    const { suppressions, addressHash } = stores();
    await suppressions.add(addressHash('grace@example.com'), manual);
    for (const address of ['gr.ace@example.com', 'grace+x@example.com', 'grace@example.org'])
      expect(await suppressions.reasonFor(addressHash(address), 'transactional')).toBeUndefined();
  });

  it('stop the class of email that they are for, until they end', async () => {
    const { suppressions } = stores();
    const hash = aHash();
    await suppressions.add(hash, { ...manual, reason: 'soft_bounces', until: tuesday });
    await suppressions.add(hash, { ...manual, reason: 'invalid_address', scope: 'marketing' });
    expect(await suppressions.reasonFor(hash, 'transactional')).toBeUndefined();
    expect(await suppressions.reasonFor(hash, 'marketing')).toBe('invalid_address');
    await suppressions.add(hash, { ...manual, reason: 'soft_bounces', until: Date.now() + 60_000 });
    expect(await suppressions.reasonFor(hash, 'transactional')).toBe('soft_bounces');
  });

  it('are all listed, ended ones too, oldest first', async () => {
    const { suppressions } = stores();
    const hash = aHash();
    const ended: Suppression = { ...manual, reason: 'soft_bounces', since: tuesday, until: tuesday + 1 };
    const complaint: Suppression = { ...manual, reason: 'complaint', scope: 'marketing', since: tuesday + 2 };
    for (const each of [complaint, ended, manual]) expect(await suppressions.add(hash, each)).toBe(true);
    expect(await suppressions.of(hash)).toEqual([manual, ended, complaint]);
  });

  it('a longer marketing suppression does not make one of all email longer', async () => {
    const { suppressions } = stores();
    const hash = aHash();
    const friday = Date.now() + 3 * day;
    await suppressions.add(hash, { ...manual, until: friday });
    expect(await suppressions.add(hash, { ...manual, scope: 'marketing', since: tuesday })).toBe(true);
    const found = await suppressions.of(hash);
    const stopped = (at: number) => classes.map((email) => reasonAgainst(found, email, at));
    expect(stopped(friday - 1)).toEqual(['manual', 'manual']);
    expect(stopped(friday + 1)).toEqual(['manual', undefined]);
  });

  it('the same one again changes nothing: no fact, no version', async () => {
    const { suppressions, addressVersion, facts } = stores();
    const hash = aHash();
    expect(await suppressions.add(hash, manual)).toBe(true);
    const version = await addressVersion(hash);
    expect(await suppressions.add(hash, { ...manual, since: tuesday, source: 'import' })).toBe(false);
    expect(await suppressions.add(hash, { ...manual, scope: 'marketing' })).toBe(false);
    expect(await suppressions.of(hash)).toEqual([manual]);
    expect(await addressVersion(hash)).toBe(version);
    expect(await facts({ address_hash: hash })).toHaveLength(1);
  });

  it('of an opt-out begin with the latest one', async () => {
    const { suppressions } = stores();
    const hash = aHash();
    const left: Suppression = { ...manual, reason: 'unsubscribed', scope: 'marketing' };
    const [monday, later] = [left, { ...left, since: tuesday }];
    for (const each of [monday, later]) expect(await suppressions.add(hash, each)).toBe(true);
    for (const each of [monday, later]) expect(await suppressions.add(hash, each)).toBe(false);
    expect(await suppressions.of(hash)).toEqual([later]);
  });

  it('are lifted one reason at a time, in every scope, or all at once', async () => {
    const { suppressions, addressVersion } = stores();
    const hash = aHash();
    await suppressions.add(hash, { ...manual, until: tuesday });
    await suppressions.add(hash, { ...manual, scope: 'marketing' });
    await suppressions.add(hash, { ...manual, reason: 'complaint' });
    await suppressions.add(hash, { ...manual, reason: 'hard_bounce', since: tuesday });
    expect(await suppressions.lift(hash, 'soft_bounces')).toEqual([]);
    expect(await addressVersion(hash)).toBe(4);
    expect(await suppressions.lift(hash, 'manual')).toEqual(['manual']);
    expect(await addressVersion(hash)).toBe(5);
    expect(await suppressions.lift(hash)).toEqual(['complaint', 'hard_bounce']);
    expect(await suppressions.of(hash)).toEqual([]);
    expect(await suppressions.lift(hash)).toEqual([]);
    expect(await suppressions.lift(aHash())).toEqual([]);
    expect(await addressVersion(hash)).toBe(6);
  });

  it('each change is a fact, with what it follows from and what lifted it', async () => {
    const { suppressions, facts } = stores();
    const hash = aHash();
    await suppressions.add(hash, { ...manual, until: tuesday }, { topic: 'offers' });
    await suppressions.add(hash, { ...manual, since: tuesday, source: 'import' });
    await suppressions.lift(hash, 'manual', 'operator');
    await suppressions.add(hash, manual);
    expect(await facts({ address_hash: hash })).toEqual([
      {
        id: `${hash}/suppressed/1`,
        at: monday,
        what: 'suppressed',
        topic: 'offers',
        details: { reason: 'manual', scope: 'all', source: 'operator', until: tuesday },
      },
      {
        id: `${hash}/suppressed/2`,
        at: tuesday,
        what: 'suppressed',
        details: { reason: 'manual', scope: 'all', source: 'import' },
      },
      {
        id: `${hash}/suppression_lifted/3/manual`,
        at: expect.closeTo(Date.now(), -5),
        what: 'suppression_lifted',
        details: { reason: 'manual', source: 'operator' },
      },
      expect.objectContaining({ id: `${hash}/suppressed/4`, what: 'suppressed' }),
    ]);
  });

  it('ten writers of one address at the same time lose nothing', async () => {
    const { suppressions, addressVersion, facts } = stores();
    const hash = aHash();
    const reasons = ['manual', 'complaint', 'hard_bounce', 'soft_bounces', 'invalid_address'] as const;
    const scopes = ['all', 'marketing'] as const;
    const all = reasons.flatMap((reason) =>
      // The one for marketing lasts longer, so that neither covers the other.
      scopes.map((scope) => ({ ...manual, reason, scope, until: scope === 'all' ? tuesday : tuesday + day })),
    );
    expect(await Promise.all(all.map((each) => suppressions.add(hash, each)))).toEqual(all.map(() => true));
    expect(await suppressions.of(hash)).toHaveLength(10);
    expect(await suppressions.of(hash)).toEqual(expect.arrayContaining(all));
    expect(await addressVersion(hash)).toBe(10);
    expect(await facts({ address_hash: hash })).toHaveLength(10);
  });

  it('one writer among ten that say the same changes something', async () => {
    const { suppressions, addressVersion } = stores();
    const hash = aHash();
    const changed = await Promise.all(Array.from({ length: 10 }, () => suppressions.add(hash, manual)));
    expect(changed.filter(Boolean)).toHaveLength(1);
    expect(await addressVersion(hash)).toBe(1);
  });

  it('what an operator lifted does not return with an older listing of the provider, and does with a newer one', async () => {
    const { suppressions, suppressionSync } = stores();
    const [hash, other] = [aHash(), aHash()];
    const listed: Suppression = { reason: 'hard_bounce', scope: 'all', since: monday, source: 'provider' };
    for (const each of [hash, other]) await suppressions.add(each, listed);
    await suppressionSync.lift(hash);
    await suppressionSync.lift(other, 'complaint');
    for (const each of [hash, other]) await suppressions.lift(each);
    expect(await suppressions.add(hash, listed)).toBe(false);
    expect(await suppressions.add(other, { ...listed, reason: 'complaint' })).toBe(false);
    expect(await suppressions.add(other, listed)).toBe(true);
    expect(await suppressions.add(hash, { ...listed, source: 'feedback' })).toBe(true);
    await suppressions.lift(hash);
    expect(await suppressions.add(hash, { ...listed, since: Date.now() + 60_000 })).toBe(true);
  });
});

describe.each(implementations)('all suppressed addresses in %s', (_, start) => {
  const stores = start();

  it('come page by page, each once, and not those that were lifted', async () => {
    const { suppressions, addressHash } = stores();
    const hashes = Array.from({ length: 1_203 }, (_, index) => addressHash(`p${index}@example.com`));
    for (const hash of hashes) {
      await suppressions.add(hash, manual);
      if (hash === hashes[0]) await suppressions.add(hash, { ...manual, reason: 'complaint' });
    }
    await suppressions.lift(hashes[1]!);
    const pages: string[][] = [];
    for await (const page of suppressions.all()) pages.push(page);
    expect(pages.flat().toSorted()).toEqual([hashes[0]!, ...hashes.slice(2)].toSorted());
  });
});

describe('adding a suppression', () => {
  const scope = fc.constantFrom('all' as const, 'marketing' as const);
  const until = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
  const anyOf = fc
    .record({ scope, until, since: fc.integer({ min: 0, max: 3 }) })
    .map(({ scope, until, since }): Suppression => ({
      reason: 'manual',
      scope,
      since,
      source: 'test',
      ...(until !== undefined && { until }),
    }));

  it('stops at every instant what one of those added stops, and nothing else, in at most one row of each scope', () => {
    fc.assert(
      fc.property(fc.array(anyOf, { maxLength: 8 }), (added) => {
        let known: Suppression[] = [];
        for (const each of added) known = widen(known, each) ?? known;
        for (const email of classes) {
          for (const now of [0, 1, 2, 3, 4, 5, 6, 7])
            expect(reasonAgainst(known, email, now)).toBe(reasonAgainst(added, email, now));
        }
        expect(new Set(known.map((each) => each.scope)).size).toBe(known.length);
      }),
    );
  });

  it('says that nothing changed exactly when nothing did', () => {
    fc.assert(
      fc.property(fc.array(anyOf, { maxLength: 5 }), anyOf, (added, more) => {
        let known: Suppression[] = [];
        for (const each of added) known = widen(known, each) ?? known;
        const stops = (all: readonly Suppression[]) =>
          classes.flatMap((email) => [0, 1, 2, 3, 4, 5, 6, 7].map((now) => reasonAgainst(all, email, now)));
        const after = widen(known, more);
        if (after) expect(stops(after)).not.toEqual(stops(known));
        else expect(stops([...known, more])).toEqual(stops(known));
      }),
    );
  });

  it('keeps the first beginning and source of what it replaces', () => {
    const first: Suppression = { reason: 'manual', scope: 'marketing', since: 1, source: 'feedback' };
    expect(widen([first], { ...first, scope: 'all', since: 5, source: 'import' })).toEqual([
      { ...first, scope: 'all' },
    ]);
  });
});

describe('a suppression that a consent undoes', () => {
  const left: Suppression = { reason: 'unsubscribed', scope: 'marketing', since: monday, source: 'import' };

  it.each([
    ['an opt-out, by a later consent', left, { state: 'granted' as const, captured_at: monday + 1 }, true],
    ['an opt-out, by a consent of the same instant', left, { state: 'granted' as const, captured_at: monday }, false],
    ['an opt-out, by a later request', left, { state: 'pending' as const, captured_at: tuesday }, false],
    [
      'an opt-out, by a later consent beside an order',
      left,
      { state: 'granted' as const, captured_at: tuesday, incidental: true },
      false,
    ],
    ['an opt-out, by no consent', left, undefined, false],
    [
      'a complaint',
      { ...left, reason: 'complaint' as const },
      { state: 'granted' as const, captured_at: tuesday },
      false,
    ],
    ['an operator', manual, { state: 'granted' as const, captured_at: tuesday }, false],
  ])('is only one of an older opt-out: %s', (_, suppression, consent, isUndone) => {
    expect(isUndoneBy(suppression, consent)).toBe(isUndone);
  });
});

describe('suppressions in Postgres', () => {
  const own = ownDatabase();

  it('hold no address', async () => {
    const suppressions = createSuppressions(own.postgres);
    await suppressions.add('hash-of-hopper', manual);
    const tables = ['suppression', 'address', 'fact'];
    const rows = await Promise.all(
      tables.map((table) => own.postgres.query({ name: `all-${table}`, text: `SELECT * FROM ${table}` })),
    );
    expect(rows.map((each) => each.length)).toEqual([1, 1, 1]);
    expect(JSON.stringify(rows)).not.toContain('@');
  });

  it.each(['add', 'lift'] as const)(
    '%s everything of a change or nothing of it, whichever query fails',
    async (method) => {
      const stores = postgresStores(own.postgres);
      const hash = `hash-to-${method}`;
      if (method === 'lift') await stores.suppressions.add(hash, manual);
      const seen = async () => [
        await stores.suppressions.of(hash),
        await stores.addressVersion(hash),
        (await stores.facts({ address_hash: hash })).map(({ what }) => what),
      ];
      const before = await seen();
      let queries = 0;
      for (let failing = 0; failing < 20; failing++) {
        queries = 0;
        const breaking = createSuppressions(failAt(own.postgres, () => queries++ === failing));
        const change = method === 'add' ? breaking.add(hash, manual) : breaking.lift(hash);
        const failed = await change.then(
          () => false,
          () => true,
        );
        if (!failed) break;
        expect(await seen()).toEqual(before);
      }
      expect(queries).toBe(method === 'add' ? 4 : 3);
      expect(await seen()).toEqual(
        method === 'add' ? [[manual], 1, ['suppressed']] : [[], 2, ['suppressed', 'suppression_lifted']],
      );
    },
  );

  it('give snapshots of several addresses, each with its version, also after the last reason was lifted', async () => {
    const suppressions = createSuppressions(own.postgres);
    await suppressions.add('one', manual);
    await suppressions.add('one', { ...manual, reason: 'complaint' });
    await suppressions.add('two', manual);
    await suppressions.lift('two');
    const found = await suppressions.snapshots(['one', 'two', 'three']);
    expect(found.toSorted((one, other) => one.addressHash.localeCompare(other.addressHash))).toEqual([
      {
        addressHash: 'one',
        version: 2,
        suppressions: expect.arrayContaining([manual, { ...manual, reason: 'complaint' }]),
      },
      { addressHash: 'two', version: 2, suppressions: [] },
    ]);
  });
});
