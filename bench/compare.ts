import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { told } from './figures.ts';
import { actionsOfOne, cpuOfOne, eventsOfOne, rateOf, requestsOfOne, type Run } from './mail-report.ts';
import { root } from './processes.ts';
import type { Result, Sizes } from './scenario.ts';

const call = promisify(execFile);

/**
 * The scenario `mail` on two revisions, each in a checkout of its own, in pairs: base and head, then head and base. What
 * counts is the ratio within a pair: both halves of it met the same machine. Both are measured with the bench of this
 * checkout, and use its packages.
 */
export async function compare(
  { base, head, pairs }: { base: string; head: string; pairs: number },
  sizes: Sizes,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-compare-'));
  // Ctrl-C reaches the runs too: they end, and this one removes the checkouts.
  const wait = () => {};
  process.on('SIGINT', wait);
  const sides = { base: join(folder, 'base'), head: join(folder, 'head') };
  try {
    const names = { base: await checkOut(base, sides.base), head: await checkOut(head, sides.head) };
    const measured: Record<'base' | 'head', Run[]>[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      console.error(`compare: pair ${pair + 1} of ${pairs}`);
      const of: Partial<Record<'base' | 'head', Run[]>> = {};
      const order = ['base', 'head'] as const;
      for (const side of pair % 2 === 0 ? order : order.toReversed()) of[side] = await measure(sides[side], sizes);
      measured.push(of as Record<'base' | 'head', Run[]>);
    }
    return report(names, measured);
  } finally {
    process.off('SIGINT', wait);
    for (const side of Object.values(sides)) {
      await call('git', ['worktree', 'remove', '--force', side], { cwd: root }).catch(() => {});
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gives back the short name of the commit. */
async function checkOut(revision: string, into: string): Promise<string> {
  await call('git', ['worktree', 'add', '--detach', into, revision], { cwd: root });
  rmSync(join(into, 'bench'), { recursive: true, force: true });
  cpSync(join(root, 'bench'), join(into, 'bench'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'));
  mkdirSync(join(into, '.rivulet'));
  symlinkSync(join(root, '.rivulet', 'servers'), join(into, '.rivulet', 'servers'));
  const { stdout } = await call('git', ['log', '-1', '--format=%h %s'], { cwd: into });
  return stdout.trim();
}

async function measure(checkout: string, { emails, warmUp }: Sizes): Promise<Run[]> {
  const json = join(checkout, '.rivulet', 'compare.json');
  const size = ['--emails', String(emails), '--warm-up', String(warmUp), '--rounds', '1', '--no-floors'];
  const args = ['--import', 'tsx', 'bench/main.ts', 'mail', ...size, '--json', json];
  // Wrong counts end it with 1, and stand in its result.
  await call(process.execPath, args, { cwd: checkout, maxBuffer: 2 ** 26 }).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 1) throw error;
  });
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: { mail: { figures: { runs: Run[] } } } };
  rmSync(json);
  return results.mail.figures.runs;
}

function report(names: Record<'base' | 'head', string>, measured: Record<'base' | 'head', Run[]>[]): Result {
  const values = (side: 'base' | 'head', value: (run: Run) => number) => measured.map((pair) => value(pair[side][0]!));
  const row = (title: string, digits: number, value: (run: Run) => number) => {
    const [base, head] = [values('base', value), values('head', value)];
    const ratios = head.map((number, pair) => number / base[pair]!);
    return [title, told(base, digits), told(head, digits), told(ratios, 3)];
  };
  return {
    tables: [
      {
        title: `${measured.length} pairs of ${measured[0]?.base[0]?.count ?? 0} mails: median (least to most)`,
        rows: [
          ['', 'base', 'head', 'head / base, pair by pair'],
          row('mails per second', 1, rateOf),
          row('CPU-ms for one', 2, cpuOfOne),
          row('requests to Temporal for one', 2, (run) => requestsOfOne(run) ?? NaN),
          row('history events of one, mean', 2, (run) => eventsOfOne(run) ?? NaN),
          row('Actions of one, mean', 2, (run) => actionsOfOne(run) ?? NaN),
          row('CPU of everything else, s', 1, ({ spent }) => spent.cpu.others / 1_000),
        ],
      },
    ],
    notes: [`base: ${names.base}`, `head: ${names.head}`],
    figures: { names, measured },
    mistakes: measured.flatMap((pair) =>
      (['base', 'head'] as const).flatMap((side) =>
        pair[side].flatMap(({ mistakes }) => mistakes.map((m) => `${side}: ${m}`)),
      ),
    ),
  };
}
