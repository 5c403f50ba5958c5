import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addSimulate } from '../cli/simulate.ts';
import { WrongUse } from '../cli/wrong-use.ts';
import type { Calendar } from '../simulation/simulate.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-simulate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bin = fileURLToPath(new URL('../cli/rivulet.mjs', import.meta.url));
const { RIVULET_SECRET: _, ...env } = process.env;

/** As somebody types it, who has no server and no secret. */
function typed(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const nowhere = { NATS_URL: 'nats://127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1', TEMPORAL_ADDRESS: '127.0.0.1:1' };
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, 'simulate', ...args], { env: { ...env, ...nowhere } }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

/** The command itself, in this process. */
async function simulated(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const program = new Command('rivulet').exitOverride();
  addSimulate(program, { root: '.', env, print: (line) => lines.push(line) });
  await program.parseAsync(['simulate', ...args], { from: 'user' });
  return lines.join('\n');
}

function file(person: unknown): string {
  const path = join(folder, 'grace.json');
  writeFileSync(path, typeof person === 'string' ? person : JSON.stringify(person));
  return path;
}

describe('rivulet simulate', () => {
  it('prints the calendar of a person, who is Ada unless somebody else is given', async () => {
    const { code, out } = await typed('onboarding', '--on', 'day 3: project.created', '--from', '2026-11-24T18:30');
    expect(code).toBe(0);
    expect(out).toMatch(/^onboarding for Ada, in Europe\/Berlin\n\nTue 2026-11-24 18:30 {2}starts /);
    expect(out).toMatch(/Fri 2026-11-27 18:30 {2}hears .*\n +ends +activated\n$/);
  });

  it('exits with 2 and one message when it is used wrongly', async () => {
    const { code, out, err } = await typed('onboarding', '--on', 'day 3: dances');
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^"day 3: dances": nobody knows "dances"\. There are: /);
    expect(err).not.toContain('    at ');
  });

  it('takes a person from a file and fields of the starting event, and prints JSON', async () => {
    const person = { name: 'Grace', email: 'grace@example.com', time_zone: 'Asia/Tokyo', topics: ['offers'] };
    const fields = ['--set', 'cart_id=7', '--set', 'total=300', '--set', 'currency=EUR'];
    const out = await simulated('cart-recovery', '--person', file(person), ...fields, '--json');
    const { outcome, time_zone, entries } = JSON.parse(out) as Calendar;
    expect({ outcome, time_zone }).toEqual({ outcome: 'lost', time_zone: 'Asia/Tokyo' });
    expect(entries.flatMap(({ template }) => template ?? [])).toEqual(['cart-reminder', 'cart-advice']);
  });

  it('takes a date where a field is a moment, in --set and in --on', async () => {
    const on = ['--on', 'day 3: trial.extended {"trial_ends_at": "2028-03-15"}'];
    const out = await simulated(
      'trial-ending',
      '--from',
      '2028-03-01T10:00',
      '--set',
      'trial_ends_at=2028-03-10',
      ...on,
    );
    expect(out).toMatch(/waits +until 2028-03-07 09:00 local time for trial\.extended\n/);
    expect(out).toMatch(/waits +until 2028-03-15 00:00 local time for trial\.extended\nWed 2028-03-15 00:00 {2}ends/);
  });

  it.each([
    ['an unknown journey', () => ['onbording'], 'There are: onboarding'],
    ['a wrong field of the starting event', () => ['cart-recovery', '--set', 'total=much'], '): payload.total'],
    [
      'a moment that is none',
      () => ['trial-ending', '--set', 'trial_ends_at=soon'],
      'a moment also as 2028-03-10 or 2028-03-10T18:00): payload.trial_ends_at',
    ],
    ['a file that is not there', () => ['onboarding', '--person', '/no/ada.json'], '/no/ada.json cannot be read'],
    ['a file that is not JSON', () => ['onboarding', '--person', file('{')], 'grace.json is not valid JSON'],
    ['a person who is wrong', () => ['onboarding', '--person', file({ topics: ['offer'] })], 'no topic "offer"'],
    ['a --set without =', () => ['onboarding', '--set', 'plan'], 'field=value'],
  ])('%s is wrong use, and the message says what would be right', async (_, args, says) => {
    const wrong = simulated(...args());
    await expect(wrong).rejects.toThrow(says);
    await expect(wrong).rejects.toBeInstanceOf(WrongUse);
  });
});
