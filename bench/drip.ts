import PQueue from 'p-queue';

import type { Actions } from './actions.ts';
import { othersPercent } from './cpu.ts';
import { mean, told } from './figures.ts';
import { readHistories } from './histories.ts';
import { journeysBundle } from './journeys-bundle.ts';
import { cpuOf, type Spent, startMeter } from './meter.ts';
import { untilQuiet } from './orders.ts';
import { signUp, withStore } from './people.ts';
import { type ProcessName, titles } from './processes.ts';
import { forgetCounts, mistakesIn, readStats, untilAccepted } from './provider.ts';
import { sumOf } from './rpcs.ts';
import type { Scenario } from './scenario.ts';
import { startSkipping } from './skipping.ts';
import { onStage, type Stage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';

const [short, long] = [1, 5];
const parts: ProcessName[] = ['ingress', 'worker', 'postgres', 'temporal', 'nats', 'redis', 'ses', 'bench'];

/** What one journey took: the mean of those that ran beside it, and of those of them whose histories were looked at. */
interface Journey {
  mails: number;
  historyEvents: number;
  actions: Actions;
  requests: number;
  cpu: Partial<Record<ProcessName, number>>;
  cpuSum: number;
  others: number;
  operations: Spent['requests'];
}

/** A drip of five mails with days between them, skipped on the real server, beside one of a single mail. */
export const drip: Scenario = async (sizes, interrupted) => {
  const people = Math.max(10, Math.round(sizes.emails / 10));
  const plan = { programs: ['ses', 'worker', 'ingress'] as const, journeys: await journeysBundle() };
  return onStage(plan, interrupted, async (stage) => {
    const mistakes: string[] = [];
    const batch = async (mails: number) => {
      const { journey, wrong } = await runBatch(stage, people, mails);
      mistakes.push(...wrong.map((mistake) => `drip of ${mails}: ${mistake}`));
      return journey;
    };
    console.error('drip: warming up');
    for (const mails of [short, long]) await batch(mails);
    const rounds: { one: Journey; five: Journey }[] = [];
    for (let round = 0; round < sizes.rounds; round++) {
      console.error(`drip: round ${round + 1} of ${sizes.rounds}`);
      rounds.push({ one: await batch(short), five: await batch(long) });
    }
    return {
      surroundings: await surroundingsOf(stage),
      tables: [
        { title: `${people} people in each of ${rounds.length} rounds: median (least to most)`, rows: rows(rounds) },
      ],
      notes: ['A further mail with its wait is the difference of the two by four.'],
      figures: { people, rounds },
      mistakes,
    };
  });
};

async function runBatch(stage: Stage, people: number, mails: number): Promise<{ journey: Journey; wrong: string[] }> {
  const { client } = stage;
  const sesUrl = stage.urlOf('ses');
  await forgetCounts(sesUrl);
  const signups = await withStore(stage, (store) => signUp(store, people));
  const endMeter = await startMeter(stage);
  const queue = new PQueue({ concurrency: 20 });
  await queue.addAll(signups.map((signup) => () => startSkipping(client, 'drip', signup.event_id, [signup, mails])));
  await untilAccepted(sesUrl, people * mails);
  await untilQuiet(stage);
  const spent = await endMeter();
  const { events, actions } = await readHistories(
    stage,
    signups.map(({ event_id }) => event_id),
  );
  const kinds = Object.keys(actions[0]!) as (keyof Actions)[];
  const journey = {
    mails,
    historyEvents: mean(events),
    actions: Object.fromEntries(
      kinds.map((kind) => [kind, mean(actions.map((each) => each[kind]))]),
    ) as unknown as Actions,
    requests: sumOf(spent.requests) / people,
    cpu: Object.fromEntries(parts.map((name) => [name, cpuOf(spent, [name]) / people])),
    cpuSum: cpuOf(spent, parts) / people,
    others: othersPercent(spent.cpu),
    operations: spent.requests,
  };
  return { journey, wrong: mistakesIn(await readStats(sesUrl), people * mails) };
}

function rows(rounds: { one: Journey; five: Journey }[]): string[][] {
  const row = (title: string, digits: number, value: (journey: Journey) => number) => [
    title,
    told(
      rounds.map(({ one }) => value(one)),
      digits,
    ),
    told(
      rounds.map(({ five }) => value(five)),
      digits,
    ),
    told(
      rounds.map(({ one, five }) => (value(five) - value(one)) / (long - short)),
      digits,
    ),
  ];
  return [
    ['', 'one mail', 'five mails', 'a further mail with its wait'],
    row('history events', 1, ({ historyEvents }) => historyEvents),
    row('Actions', 1, ({ actions }) => actions.all),
    row('  activities', 1, ({ actions }) => actions.activities),
    row('  local activities, by workflow task', 1, ({ actions }) => actions.localActivities),
    row('  timers', 1, ({ actions }) => actions.timers),
    row('requests to Temporal', 2, ({ requests }) => requests),
    row('CPU-ms, sum', 2, ({ cpuSum }) => cpuSum),
    ...parts.map((name) => row(`  ${titles[name]}`, 2, ({ cpu }) => cpu[name] ?? NaN)),
    [
      'all CPUs used by others, %',
      told(
        rounds.map(({ one }) => one.others),
        0,
      ),
      told(
        rounds.map(({ five }) => five.others),
        0,
      ),
      '',
    ],
  ];
}
