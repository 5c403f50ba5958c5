import type { CpuSpent } from './cpu.ts';
import { processNames, type ProcessName } from './stage.ts';

/** One counted run of the product or of the floor. */
export interface Run {
  what: 'product' | 'floor';
  count: number;
  /** From the first start to the last mail, or the last end of a run. */
  seconds: number;
  /** How long publishing took, at the start of it. */
  publishSeconds?: number;
  spent: CpuSpent<ProcessName>;
  historyEvents: number;
  mistakes: string[];
}

const titles: Record<ProcessName, string> = {
  ingress: 'ingress',
  worker: 'worker',
  temporal: 'Temporal server',
  nats: 'NATS server',
  redis: 'Redis server',
  ses: 'SES stand-in',
  bench: 'bench (publisher, client)',
  floorWorker: 'floor worker',
};

/** The table: a column for each run, in the order they were made. */
export function runsTable(runs: Run[], cores: number): string {
  const row = (title: string, value: (run: Run) => string) => [title, ...runs.map(value)];
  const perOne = (ms: number, run: Run) => (ms / run.count).toFixed(2);
  return columns([
    row('', ({ what }) => what),
    row('emails or workflows', ({ count }) => String(count)),
    row('per second', (run) => rate(run).toFixed(1)),
    row('publishing took, s', ({ publishSeconds }) => publishSeconds?.toFixed(1) ?? '-'),
    row('history events of one', ({ historyEvents }) => String(historyEvents)),
    row('CPU-ms for each, sum', (run) => perOne(oursMs(run), run)),
    ...processNames.map((name) => row(`  ${titles[name]}`, (run) => perOne(run.spent.by[name], run))),
    row('all CPUs used by these', ({ spent, ...run }) => percent(oursMs({ spent, ...run }), spent.wallMs * cores)),
    row('all CPUs used by others', ({ spent }) => percent(spent.others, spent.wallMs * cores)),
    row('missing or duplicate', ({ what, mistakes }) => (what === 'floor' ? '-' : mistakes.join('; ') || 'none')),
  ]);
}

/** How the product stands to the floor of the same round. */
export function ratios(runs: Run[]): { rate: number; cpu: number }[] {
  const floors = runs.filter(({ what }) => what === 'floor');
  const products = runs.filter(({ what }) => what === 'product');
  return floors.flatMap((floor, round) => {
    const product = products[round];
    if (product === undefined) return [];
    return [
      { rate: rate(product) / rate(floor), cpu: oursMs(product) / product.count / (oursMs(floor) / floor.count) },
    ];
  });
}

/** Text in columns: the first to the left, the others to the right. */
export function columns(rows: string[][]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const line = (row: string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

export function rate({ count, seconds }: Run): number {
  return count / seconds;
}

function oursMs({ spent }: Run): number {
  return processNames.reduce((sum, name) => sum + spent.by[name], 0);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(0)} %`;
}
