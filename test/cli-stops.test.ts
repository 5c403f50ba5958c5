import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createStops } from '../store/postgres/stops.ts';
import { type Halt, providerUnreliable, type Stops } from '../store/stops.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { ownDatabase } from './support/database.ts';

const own = ownDatabase();
let folder: string;
/** What a worker with the same database sees. */
let stops: Stops;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-stops-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const topics = { onboarding: { title: 'Getting started' }, offers: { title: 'Offers' } };
  writeFileSync(join(folder, 'rivulet.yaml'), JSON.stringify({ topics }));
  await own.postgres.query({ name: '', text: 'DELETE FROM stop' });
  stops = createStops(own.postgres);
});

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs the command as an operator does, whose machine does not know RIVULET_SECRET. */
function rivulet(command: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const mine = { POSTGRES_URL: own.url, RIVULET_CONFIG: join(folder, 'rivulet.yaml'), RIVULET_SECRET: '' };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiledCli, ...command.split(' ')],
      { cwd: folder, env: { ...process.env, ...mine, ...env } },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

const paused = async () => (await stops.pauses()).map(({ scope }) => scope);
const closed = async () => (await stops.gates()).map(({ scope }) => scope);

const suspended: Halt = { scope: 'account', reason: 'AccountSuspendedException', detail: 'Ask AWS', opens: 'operator' };
const unverified: Halt = {
  scope: 'identity:example.com',
  reason: 'MessageRejected',
  detail: 'Email address is not verified',
  opens: 'probe',
};

describe('rivulet pause', () => {
  it.each([
    ['--all', 'all', 'Nothing leaves until: npx --no rivulet resume --all; runs go on and wait, nothing is lost.'],
    [
      '--journey onboarding',
      'journey:onboarding',
      'No mail of onboarding leaves until: npx --no rivulet resume --journey',
    ],
    ['--topic offers', 'topic:offers', 'No mail on offers leaves until: npx --no rivulet resume --topic offers;'],
  ])('%s stops mail in every worker, and says what ends it', async (option, scope, means) => {
    const { code, out, err } = await rivulet(`pause ${option}`);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`Paused: ${scope}\n`);
    expect(out).toContain(means);
    expect(await paused()).toEqual([scope]);
  });

  it('a second time changes nothing, and says since when it has been so', async () => {
    await stops.pause('all');
    const before = await stops.pauses();
    const { code, out } = await rivulet('pause --all');
    expect(code).toBe(0);
    expect(out).toMatch(/^Paused already since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: all$/m);
    expect(await stops.pauses()).toEqual(before);
  });

  it('--list shows what is paused and what ends each pause', async () => {
    expect((await rivulet('pause --list')).out).toBe('Nothing is paused.\n');
    await stops.pause('all');
    await stops.pause('topic:offers');
    const { code, out } = await rivulet('pause --list');
    expect(code).toBe(0);
    expect(out).toMatch(/^all {2}since .* npx --no rivulet resume --all$/m);
    expect(out).toMatch(/^topic:offers {2}since .* npx --no rivulet resume --topic offers$/m);
  });

  it.each([
    ['nothing', 'pause', '--all | --journey <name> | --topic <name>'],
    ['two things at once', 'pause --all --topic offers', 'exactly one of: rivulet pause'],
    ['a journey that no event starts', 'pause --journey onbording', 'There are: onboarding, receipt'],
    ['a topic that rivulet.yaml does not have', 'pause --topic offer', 'There are: onboarding, offers'],
    ['something while it only lists', 'pause --list --all', '--list stands alone'],
    ['no pause to resume', 'resume', 'exactly one of: rivulet resume'],
    ['two pauses to resume', 'resume --journey receipt --topic offers', 'exactly one of'],
    ['a mistyped journey to resume', 'resume --journey onbording', 'There are: onboarding, receipt'],
    ['a mistyped topic to resume', 'resume --topic offer', 'There are: onboarding, offers'],
  ])('asked for %s: exit code 2, and nothing is paused', async (_, command, says) => {
    const { code, out, err } = await rivulet(command);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(await paused()).toEqual([]);
  });

  it('says that Postgres is unavailable, without its password, and exits with 1', async () => {
    const { code, err } = await rivulet('pause --all', {
      POSTGRES_URL: 'postgres://rivulet:geheim@127.0.0.1:1/rivulet',
    });
    expect(code).toBe(1);
    expect(err).toContain('Postgres does not answer at 127.0.0.1:1 (ECONNREFUSED)');
    expect(err).not.toContain('geheim');
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('names what is wrong with rivulet.yaml, and pauses nothing', async () => {
    const { code, err } = await rivulet('pause --all', { RIVULET_CONFIG: join(folder, 'no-such.yaml') });
    expect(code).toBe(1);
    expect(err).toContain('no-such.yaml: cannot be read');
  });

  it('reaches the database of .env, as the worker in that folder does', async () => {
    writeFileSync(join(folder, '.env'), `RIVULET_CONFIG=${join(folder, 'rivulet.yaml')}\nPOSTGRES_URL=${own.url}\n`);
    try {
      const unset = { RIVULET_CONFIG: undefined, POSTGRES_URL: undefined };
      expect((await rivulet('pause --topic offers', unset)).code).toBe(0);
    } finally {
      rmSync(join(folder, '.env'));
    }
    expect(await paused()).toEqual(['topic:offers']);
  });
});

describe('rivulet resume', () => {
  it('ends a pause, and says what stops mail still', async () => {
    await stops.pause('all');
    await stops.pause('journey:receipt');
    await stops.close(suspended);
    const { code, out } = await rivulet('resume --all');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'Resumed: all',
      'Still closed: account (npx --no rivulet gate list)',
      'Still paused: journey:receipt (npx --no rivulet pause --list)',
      '',
    ]);
    expect(await paused()).toEqual(['journey:receipt']);
  });

  it('of what is not paused is no mistake', async () => {
    expect(await rivulet('resume --topic offers')).toEqual({ code: 0, out: 'Not paused: topic:offers\n', err: '' });
  });

  it('ends the pause of a topic and of a journey that are gone since', async () => {
    await stops.pause('topic:gone');
    await stops.pause('journey:gone');
    expect((await rivulet('resume --topic gone')).code).toBe(0);
    expect((await rivulet('resume --journey gone')).code).toBe(0);
    expect(await paused()).toEqual([]);
  });
});

describe('rivulet gate list', () => {
  it('says so when no gate is closed', async () => {
    expect(await rivulet('gate list')).toEqual({ code: 0, out: 'No gate is closed.\n', err: '' });
  });

  it('shows why each gate is closed, and what opens it', async () => {
    await stops.close(suspended);
    await stops.close(unverified);
    await stops.probed(unverified.scope, 'not verified yet');
    const { code, out } = await rivulet('gate list');
    expect(code).toBe(0);
    const [account, identity] = out.split('identity:example.com\n');
    expect(account).toMatch(/^account\n {2}closed since {2}\d{4}-.* UTC\n {2}reason +AccountSuspendedException\n/);
    expect(account).toContain('detail        Ask AWS');
    expect(account).toContain('last probe    none yet');
    expect(account).toContain(
      'opens         only by hand, when the trouble is over: npx --no rivulet gate open account',
    );
    expect(identity).toContain('last probe    not verified yet');
    expect(identity).toContain('opens         by itself, once a probe finds that the trouble is over');
  });

  it('says of a provider whose answers cannot be relied on that one accepted email opens the gate', async () => {
    const detail = '5 ambiguous answers in a row';
    await stops.close({ scope: 'provider', reason: providerUnreliable, detail, opens: 'probe' });
    const { out } = await rivulet('gate list');
    expect(out).toMatch(/^provider\n {2}closed since .*\n {2}reason +provider_unreliable\n/);
    expect(out).toContain(
      'opens         by itself, once the provider answers a probe and has accepted one email; or manually',
    );
  });

  it('--json gives every field', async () => {
    await stops.close(suspended);
    const { out } = await rivulet('gate list --json');
    expect(JSON.parse(out)).toEqual(await stops.gates());
    expect(JSON.parse(out)).toMatchObject([suspended]);
  });
});

describe('rivulet gate open', () => {
  it('opens the gate that it names, and leaves the others', async () => {
    await stops.close(suspended);
    await stops.close(unverified);
    await stops.pause('all');
    const { code, out } = await rivulet('gate open account');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'Opened: account',
      'A gate closes again if the provider still refuses.',
      'Still closed: identity:example.com (npx --no rivulet gate list)',
      'Still paused: all (npx --no rivulet pause --list)',
      '',
    ]);
    expect(await closed()).toEqual(['identity:example.com']);
  });

  it('--all opens every gate', async () => {
    await stops.close(suspended);
    await stops.close(unverified);
    const { code, out } = await rivulet('gate open --all');
    expect(code).toBe(0);
    expect(out).toContain('Opened: account\nOpened: identity:example.com\n');
    expect(await closed()).toEqual([]);
  });

  it.each(['gate open account', 'gate open --all'])('%s with none closed is no failure', async (command) => {
    expect(await rivulet(command)).toEqual({ code: 0, out: 'No gate is closed.\n', err: '' });
  });

  it('of a gate that is not closed fails while another one is, and names that one', async () => {
    await stops.close(unverified);
    const { code, out, err } = await rivulet('gate open identity:exmaple.com');
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe('No gate "identity:exmaple.com" is closed. Closed: identity:example.com\n');
    expect(await closed()).toEqual(['identity:example.com']);
  });

  it.each([
    ['neither a gate nor --all', 'gate open', 'rivulet gate open <scope>, or --all'],
    ['both', 'gate open account --all', 'not both'],
    ['a mistyped subcommand', 'gate opn account', 'open'],
    ['no subcommand', 'gate', 'list'],
  ])('with %s: exit code 2, and nothing is opened', async (_, command, says) => {
    await stops.close(suspended);
    const { code, out, err } = await rivulet(command);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(await closed()).toEqual(['account']);
  });
});
