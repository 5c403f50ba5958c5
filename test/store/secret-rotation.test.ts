import { beforeEach, describe, expect, it } from 'vitest';

import { createAddressHashes } from '../../store/address-hash.ts';
import type { Postgres } from '../../store/postgres/connect.ts';
import { createInstallation } from '../../store/postgres/installation.ts';
import { createConsents } from '../../store/postgres/consents.ts';
import { rotateSecret } from '../../store/postgres/secret-rotation.ts';
import { ownDatabase } from '../support/database.ts';
import { anotherSecret, secret, thirdSecret } from '../support/secrets.ts';

const own = ownDatabase();
const rotation = { secret: anotherSecret, previous: secret };
const before = createAddressHashes({ secret });
/** As processes have them that know both secrets. */
const both = createAddressHashes(rotation);
const after = createAddressHashes({ secret: anotherSecret });

function sql<Row extends object>(text: string, values: string[] = []): Promise<Row[]> {
  return own.postgres.query<Row>({ name: '', text }, values);
}

/** More than one batch. */
const people = Array.from({ length: 450 }, (_, index) => `u_${String(index).padStart(4, '0')}`);
const addressOf = (user: string) => `${user}@example.com`;

beforeEach(async () => {
  for (const table of [
    'person',
    'address',
    'suppression',
    'suppression_lift',
    'installation',
    'fact',
    'consent',
    'consent_log',
  ])
    await sql(`DELETE FROM ${table}`);
  await createInstallation(own.postgres).agree({ secret });
  for (const user of people) await knows(user, addressOf(user));
});

async function knows(user: string, address: string, { hash } = before): Promise<void> {
  await sql('INSERT INTO person (user_id, email, address_hash) VALUES ($1, $2, $3)', [user, address, hash(address)]);
}

async function suppress(
  address: string,
  more: { reason?: string; scope?: string; since?: string; until?: string } = {},
  { hash } = before,
) {
  const { reason = 'complaint', scope = 'all', since = '2026-01-05Z', until = 'infinity' } = more;
  await sql(
    `INSERT INTO suppression (address_hash, reason, scope, since, until, source)
     VALUES ($1, $2, $3, $4, nullif($5::timestamptz, 'infinity'), 'test')`,
    [hash(address), reason, scope, since, until],
  );
}

/** As a process looks that knows both secrets. */
async function isSuppressed(address: string): Promise<boolean> {
  const hashes = both.hashes(address).map(String);
  const text = 'SELECT 1 AS one FROM suppression WHERE address_hash = ANY ($1::text[])';
  return (await own.postgres.query({ name: '', text }, [hashes])).length > 0;
}

const hashesOfPeople = async () =>
  new Map(
    (await sql<{ user_id: string; address_hash: string }>('SELECT user_id, address_hash FROM person')).map((row) => [
      row.user_id,
      row.address_hash,
    ]),
  );
const underNewHash = () => new Map(people.map((user) => [user, after.hash(addressOf(user))]));
const why = (secrets: { secret: string; previous?: string }) => createInstallation(own.postgres).verify(secrets);

describe('a rotation of the secret', () => {
  it('gives everyone the hash under the new one, with all that is known by it', async () => {
    const [ada = '', grace = ''] = people;
    const [hash, other] = [before.hash(addressOf(ada)), before.hash(addressOf(grace))];
    await suppress(addressOf(ada), { reason: 'manual', scope: 'marketing', until: '2030-01-01Z' });
    await sql(`INSERT INTO suppression_lift (address_hash, reason) VALUES ($1, 'hard_bounce')`, [hash]);
    await sql(`INSERT INTO address (hash, version, recipient, streak) VALUES ($1, 7, '{"soft": 3}', 3)`, [other]);
    await sql(
      `INSERT INTO fact (id, at, what, address_hash, month)
       VALUES ('f1', now(), 'suppressed', $1, date_trunc('month', now() AT TIME ZONE 'UTC')::date)`,
      [hash],
    );

    expect(await rotateSecret(own.postgres, rotation)).toEqual({ people: 450, suppressions: 1, strangers: 0 });

    expect(await hashesOfPeople()).toEqual(underNewHash());
    const [newHash, newOther] = [after.hash(addressOf(ada)), after.hash(addressOf(grace))];
    expect(await sql('SELECT address_hash, reason, scope, until, source FROM suppression')).toEqual([
      { address_hash: newHash, reason: 'manual', scope: 'marketing', until: Date.UTC(2030, 0, 1), source: 'test' },
    ]);
    expect(await sql('SELECT address_hash, reason FROM suppression_lift')).toEqual([
      { address_hash: newHash, reason: 'hard_bounce' },
    ]);
    expect(await sql('SELECT hash, version, recipient, streak FROM address')).toEqual([
      { hash: newOther, version: 8, recipient: { soft: 3 }, streak: 3 },
    ]);
    expect(await sql(`SELECT address_hash FROM fact WHERE id = 'f1'`)).toEqual([{ address_hash: newHash }]);
    expect(await sql(`SELECT count(*) AS facts FROM fact WHERE what = 'secret_rotated'`)).toEqual([{ facts: 1 }]);
  });

  it('keeps consent confirmed at the address that it was confirmed at, and the request of today', async () => {
    const [ada = '', grace = ''] = people;
    const consents = createConsents(own.postgres);
    const consent = { topics: ['offers'], confirmed_at: 1 };
    for (const user of [ada, grace]) await consents.record(user, { id: 'yes', state: 'granted', consent, at: 1 });
    await sql('UPDATE person SET email = $2, address_hash = $3 WHERE user_id = $1', [
      grace,
      'new@example.com',
      before.hash('new@example.com'),
    ]);
    expect(await consents.mayAsk(ada, 'asked', ['news'])).toBe(true);

    await rotateSecret(own.postgres, rotation);

    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
    expect(await consents.stateOf(grace, 'offers')).toBe('pending');
    await consents.record(ada, { id: 'no', state: 'pending', consent: { topics: ['offers'] }, at: 2 });
    expect(await consents.stateOf(ada, 'offers')).toBe('granted');
    expect(await consents.mayAsk(ada, 'asked again', ['news'])).toBe(false);
  });

  it('concerns every column that holds the hash of an address', async () => {
    const columns = await sql<{ column: string }>(
      `SELECT table_name || '.' || column_name AS column FROM information_schema.columns
       WHERE table_schema = 'public' AND (column_name LIKE '%address_hash%' OR (table_name, column_name) = ('address', 'hash'))
         AND table_name NOT IN (SELECT inhrelid::regclass::text FROM pg_inherits)
       ORDER BY 1`,
    );
    expect(columns.map(({ column }) => column)).toEqual([
      'address.hash',
      'confirmation_request.address_hash',
      'consent.address_hash',
      'fact.address_hash',
      'person.address_hash',
      'person.previous_address_hash',
      'suppression.address_hash',
      'suppression_lift.address_hash',
    ]);
  });

  it('has the claims look again that have looked under the hash of before', async () => {
    const [ada = ''] = people;
    const versionOf = async () =>
      (await sql<{ version: number }>('SELECT version FROM person WHERE user_id = $1', [ada]))[0]?.version;
    const seen = await versionOf();
    await rotateSecret(own.postgres, rotation);
    expect(await versionOf()).toBe((seen ?? 0) + 1);
    await rotateSecret(own.postgres, rotation);
    expect(await versionOf()).toBe((seen ?? 0) + 1);
  });

  it('leaves the suppression of an address that no known person has; it is found while the previous secret is known', async () => {
    await suppress('stranger@example.com');
    expect(await rotateSecret(own.postgres, rotation)).toMatchObject({ suppressions: 0, strangers: 1 });
    expect(await isSuppressed('stranger@example.com')).toBe(true);
    await knows('u_stranger', 'stranger@example.com', after);
    expect(await rotateSecret(own.postgres, rotation)).toEqual({ people: 0, suppressions: 1, strangers: 0 });
    expect(await isSuppressed('stranger@example.com')).toBe(true);
    expect(await sql('SELECT address_hash FROM suppression')).toEqual([
      { address_hash: after.hash('stranger@example.com') },
    ]);
  });

  it('moves what all people with one address share at once, also for those whose turn comes later', async () => {
    await knows('a_first', 'shared@example.com');
    await knows('z_last', 'shared@example.com');
    await suppress('shared@example.com');
    await crashAfter(1, () => rotateSecret(dying, rotation));
    const hashes = await hashesOfPeople();
    expect([hashes.get('a_first'), hashes.get('z_last')]).toEqual(Array(2).fill(after.hash('shared@example.com')));
    expect(await isSuppressed('shared@example.com')).toBe(true);
  });

  it('of a reason under both hashes keeps the wider and longer', async () => {
    const [one = '', two = '', three = ''] = people.map(addressOf);
    await suppress(one, { scope: 'marketing' });
    await suppress(one, { scope: 'all', until: '2030-01-01Z' }, after);
    await suppress(two, { scope: 'all', until: '2031-01-01Z' });
    await suppress(two, { scope: 'marketing', until: '2030-01-01Z' }, after);
    await suppress(three, { reason: 'manual' });
    await suppress(three, { reason: 'complaint' }, after);
    await sql(`INSERT INTO address (hash, version) VALUES ($1, 4), ($2, 9)`, [before.hash(one), after.hash(one)]);
    await rotateSecret(own.postgres, rotation);
    const of = (address: string) =>
      sql('SELECT reason, scope, until FROM suppression WHERE address_hash = $1 ORDER BY reason', [
        after.hash(address),
      ]);
    expect(await of(one)).toEqual([{ reason: 'complaint', scope: 'all', until: null }]);
    expect(await of(two)).toEqual([{ reason: 'complaint', scope: 'all', until: Date.UTC(2031, 0, 1) }]);
    expect(await of(three)).toEqual([
      { reason: 'complaint', scope: 'all', until: null },
      { reason: 'manual', scope: 'all', until: null },
    ]);
    expect(await sql('SELECT count(*) AS rows FROM suppression')).toEqual([{ rows: 4 }]);
    expect(await sql('SELECT hash, version FROM address')).toEqual([{ hash: after.hash(one), version: 10 }]);
  });

  it('of a reason under both hashes keeps the first beginning, of an opt-out the latest', async () => {
    const [one = '', two = ''] = people.map(addressOf);
    for (const reason of ['unsubscribed', 'manual']) {
      await suppress(one, { reason, since: '2026-01-05Z' });
      await suppress(one, { reason, since: '2026-01-06Z' }, after);
      await suppress(two, { reason, since: '2026-01-06Z' });
      await suppress(two, { reason, since: '2026-01-05Z' }, after);
    }
    await rotateSecret(own.postgres, rotation);
    for (const address of [one, two]) {
      const text = 'SELECT reason, since FROM suppression WHERE address_hash = $1 ORDER BY reason';
      expect(await sql(text, [after.hash(address)])).toEqual([
        { reason: 'manual', since: Date.UTC(2026, 0, 5) },
        { reason: 'unsubscribed', since: Date.UTC(2026, 0, 6) },
      ]);
    }
  });

  it('that crashes at any batch leaves everyone suppressed who was, refuses the secrets it must, and is continued', async () => {
    const suppressed = people.filter((_, index) => index % 3 === 0).map(addressOf);
    for (const address of suppressed) await suppress(address);
    for (const batches of [0, 1, 0, 1]) {
      await crashAfter(batches, () => rotateSecret(dying, rotation));
      for (const address of suppressed) expect(await isSuppressed(address)).toBe(true);
      expect(await why({ secret })).toContain('the one from before the rotation');
      expect(await why({ secret: anotherSecret })).toContain('is being rotated');
      expect(await why(rotation)).toBeUndefined();
    }
    const moved = [...(await hashesOfPeople())].filter(([user, hash]) => hash === after.hash(addressOf(user)));
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.length).toBeLessThan(people.length);
    const rest = await rotateSecret(own.postgres, rotation);
    expect(rest?.people).toBe(people.length - moved.length);
    expect(await hashesOfPeople()).toEqual(underNewHash());
    for (const address of suppressed) expect(await isSuppressed(address)).toBe(true);
    expect(await sql('SELECT count(*) AS rows FROM suppression')).toEqual([{ rows: suppressed.length }]);
    expect(await why({ secret: anotherSecret })).toBeUndefined();
    expect(await why({ secret })).toContain('the one from before the rotation');
  });

  it('changes nothing when it is repeated', async () => {
    await suppress(addressOf(people[0] ?? ''));
    await rotateSecret(own.postgres, rotation);
    const all = () => sql('SELECT * FROM person ORDER BY user_id');
    const rotated = await all();
    expect(await rotateSecret(own.postgres, rotation)).toEqual({ people: 0, suppressions: 0, strangers: 0 });
    expect(await all()).toEqual(rotated);
    expect(await why({ secret: anotherSecret })).toBeUndefined();
  });

  it('of two operators at once moves everyone once', async () => {
    for (const user of people) await suppress(addressOf(user));
    const done = await Promise.all([rotateSecret(own.postgres, rotation), rotateSecret(own.postgres, rotation)]);
    expect((done[0]?.people ?? 0) + (done[1]?.people ?? 0)).toBe(people.length);
    expect((done[0]?.suppressions ?? 0) + (done[1]?.suppressions ?? 0)).toBe(people.length);
    expect(await hashesOfPeople()).toEqual(underNewHash());
  });

  it('can be undone, also half-way', async () => {
    await crashAfter(1, () => rotateSecret(dying, rotation));
    expect(await rotateSecret(own.postgres, { secret, previous: anotherSecret })).toMatchObject({ people: 200 });
    expect(await hashesOfPeople()).toEqual(new Map(people.map((user) => [user, before.hash(addressOf(user))])));
    expect(await why({ secret })).toBeUndefined();
  });

  it('is refused with a secret that is not the installation’s, and while another one is not complete', async () => {
    expect(await rotateSecret(own.postgres, { secret: anotherSecret, previous: thirdSecret })).toBeUndefined();
    await crashAfter(1, () => rotateSecret(dying, rotation));
    expect(await rotateSecret(own.postgres, { secret: thirdSecret, previous: anotherSecret })).toBeUndefined();
    await rotateSecret(own.postgres, rotation);
    expect(await rotateSecret(own.postgres, { secret: thirdSecret, previous: anotherSecret })).toMatchObject({
      people: people.length,
    });
  });
});

/** How many batches are still written before the process dies, in the middle of the next one. */
let batchesLeft = 0;

/** The database of a process that dies: its transactions are cut off before the commit. */
const dying: Postgres = {
  query: (statement, values) => own.postgres.query(statement, values),
  transaction: (work) =>
    own.postgres.transaction(async (queries) => {
      const result = await work(queries);
      if (batchesLeft-- <= 0) throw new Error('killed');
      return result;
    }),
  close: async () => {},
};

async function crashAfter(batches: number, run: () => Promise<unknown>): Promise<void> {
  batchesLeft = batches;
  await expect(run()).rejects.toThrow('killed');
}
