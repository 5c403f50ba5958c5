import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createAddressHashes } from '../store/address-hash.ts';
import { createInstallation } from '../store/postgres/installation.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { ownDatabase } from './support/database.ts';
import { anotherSecret, secret, thirdSecret } from './support/secrets.ts';

const own = ownDatabase();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-secret-'));
  writeFileSync(join(folder, 'rivulet.yaml'), '{}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  for (const table of ['installation', 'person', 'suppression']) await sql(`DELETE FROM ${table}`);
  await createInstallation(own.postgres).agree({ secret });
  const hash = createAddressHashes({ secret }).hash('ada@example.com');
  await sql(`INSERT INTO person (user_id, email, address_hash) VALUES ('u_ada', 'ada@example.com', '${hash}')`);
  await sql(
    `INSERT INTO suppression (address_hash, reason, scope, since, source) VALUES
       ('${hash}', 'complaint', 'all', now(), 'test'), ('of nobody', 'manual', 'all', now(), 'test')`,
  );
});

function sql<Row extends object>(text: string): Promise<Row[]> {
  return own.postgres.query<Row>({ name: '', text });
}

function rivulet(command: string, env: NodeJS.ProcessEnv): Promise<{ code: number; out: string; err: string }> {
  const mine = { POSTGRES_URL: own.url, RIVULET_CONFIG: join(folder, 'rivulet.yaml') };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiledCli, ...command.split(' ')],
      { cwd: folder, env: { ...process.env, ...mine, ...env } },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

const both = { RIVULET_SECRET: anotherSecret, RIVULET_SECRET_PREVIOUS: secret };
const everything = async () => JSON.stringify([await sql('TABLE person'), await sql('TABLE installation')]);

describe('rivulet secret rotate', () => {
  it('--confirm moves everything, and says what it could not move', async () => {
    const { code, out, err } = await rivulet('secret rotate --confirm', both);
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'People with another hash now: 1; suppressions moved with them: 1.',
      'Keep RIVULET_SECRET_PREVIOUS set: links in emails that were sent before are signed with it.',
      'Suppressed addresses of no known person: 1. Those under the previous secret are found only while it is set.',
      '',
    ]);
    const hash = createAddressHashes({ secret: anotherSecret }).hash('ada@example.com');
    expect(await sql('SELECT address_hash FROM person')).toEqual([{ address_hash: hash }]);
    expect(await sql(`SELECT address_hash FROM suppression WHERE reason = 'complaint'`)).toEqual([
      { address_hash: hash },
    ]);
  });

  it('without --confirm says what it would do and what has to be so before, and does nothing', async () => {
    const before = await everything();
    const { code, out, err } = await rivulet('secret rotate', both);
    expect(code).toBe(2);
    expect(out).toContain('People with an address: 1.');
    expect(out).toContain('every worker and ingress must run with both variables set');
    expect(err).toContain('Nothing was done. To rotate: rivulet secret rotate --confirm');
    expect(await everything()).toBe(before);
  });

  it.each([
    ['one secret alone', { RIVULET_SECRET: anotherSecret, RIVULET_SECRET_PREVIOUS: '' }, 2, 'RIVULET_SECRET_PREVIOUS'],
    ['the same twice', { RIVULET_SECRET: secret, RIVULET_SECRET_PREVIOUS: secret.toUpperCase() }, 2, 'are the same'],
    [
      'another one before',
      { RIVULET_SECRET: anotherSecret, RIVULET_SECRET_PREVIOUS: thirdSecret },
      1,
      'not the secret',
    ],
    ['a weak one', { RIVULET_SECRET: 'ab'.repeat(32), RIVULET_SECRET_PREVIOUS: secret }, 1, 'fewer than 16 distinct'],
  ])('with %s: nothing is done', async (_, env, exit, says) => {
    const before = await everything();
    const { code, out, err } = await rivulet('secret rotate --confirm', env);
    expect([code, out]).toEqual([exit, '']);
    expect(err).toContain(says);
    expect(err).not.toContain(secret.slice(0, 12));
    expect(await everything()).toBe(before);
  });
});
