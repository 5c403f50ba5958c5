import { countCpu, type CpuSpent, othersPercent } from './cpu.ts';
import { told } from './figures.ts';
import { newOrders, type Order, publishAll, untilTakenIn } from './orders.ts';
import { type ProcessName, titles } from './processes.ts';
import type { Scenario } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';

/** One stretch of events that ingress found waiting and took in. */
interface Taken {
  perSecond: number;
  cpu: CpuSpent<ProcessName>;
}

const kinds = ['new', 'again'] as const;
type Kind = (typeof kinds)[number];
const parts: ProcessName[] = ['ingress', 'postgres', 'temporal', 'nats', 'redis'];

/** Events into starts, with no worker there to run what is started; and the same events published a second time. */
export const ingress: Scenario = ({ emails: count, rounds }, interrupted) =>
  onStage({ programs: ['ingress'] }, interrupted, async (stage) => {
    const mistakes: string[] = [];
    const measured: Record<Kind, Taken[]> = { new: [], again: [] };
    for (let round = -1; round < rounds; round++) {
      console.error(round < 0 ? 'ingress: warming up' : `ingress: round ${round + 1} of ${rounds}`);
      const orders = newOrders(count);
      for (const kind of kinds) {
        const before = await resultsOf(stage);
        const taken = await takeIn(stage, orders);
        mistakes.push(...wrongResults(kind, before, await resultsOf(stage), count));
        if (round >= 0) measured[kind].push(taken);
      }
    }
    mistakes.push(...(await wrongRuns(stage, count * (rounds + 1))));
    const row = (title: string, digits: number, value: (taken: Taken) => number) => [
      title,
      ...kinds.map((kind) => told(measured[kind].map(value), digits)),
    ];
    return {
      surroundings: await surroundingsOf(stage),
      tables: [
        {
          title: `${count} events waiting in NATS, in each of ${rounds} rounds: median (least to most)`,
          rows: [
            ['', 'each starts a run', 'each has been there before'],
            row('events per second', 0, ({ perSecond }) => perSecond),
            row('CPU-ms for one, sum', 2, ({ cpu }) => parts.reduce((sum, name) => sum + cpu.by[name], 0) / count),
            ...parts.map((name) => row(`  ${titles[name]}`, 2, ({ cpu }) => cpu.by[name] / count)),
            row('all CPUs used by others, %', 0, ({ cpu }) => othersPercent(cpu)),
          ],
        },
      ],
      notes: [
        'No worker runs, so that only starts are measured. The second time, NATS itself does not know the events again.',
      ],
      figures: { count, measured },
      mistakes,
    };
  });

/** Ingress stands still while they are published, so that publishing takes no CPU from it. */
async function takeIn(stage: Stage, orders: readonly Order[]): Promise<Taken> {
  const pid = stage.pids.ingress!;
  process.kill(pid, 'SIGSTOP');
  try {
    await publishAll(stage, orders);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const end = countCpu(stage.pids as Record<ProcessName, number>);
  const startedAt = performance.now();
  await untilTakenIn(stage, 50);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { perSecond: orders.length / seconds, cpu: end() };
}

type Results = Record<string, number>;

/** What ingress says became of orders, by result. */
async function resultsOf({ urlOf }: Stage): Promise<Results> {
  const page = await (await fetch(`${urlOf('ingress')}/metrics`)).text();
  const found = page.matchAll(/^rivulet_events_total\{event_type="order\.completed",result="([^"]+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, result, count]) => [result, Number(count)]));
}

function wrongResults(kind: Kind, before: Results, after: Results, count: number): string[] {
  const result = kind === 'new' ? 'started' : 'already_started';
  const found = (after[result] ?? 0) - (before[result] ?? 0);
  return found === count ? [] : [`${found} events ${result} instead of ${count}`];
}

/** The list of runs is a moment late. */
async function wrongRuns({ client }: Stage, wanted: number): Promise<string[]> {
  let found = 0;
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    ({ count: found } = await client.workflow.count('ExecutionStatus = "Running"'));
    if (found === wanted) return [];
  }
  return [`${found} runs instead of ${wanted}`];
}
