import { setTimeout as sleep } from 'node:timers/promises';

import PQueue from 'p-queue';

import type { Event } from '../events/index.ts';
import { journeyQueue } from '../runtime/task-queues.ts';
import { countCpu } from './cpu.ts';
import { perSecond, sample, spread } from './figures.ts';
import { journeysBundle } from './journeys-bundle.ts';
import { readMemory } from './memory.ts';
import { signUp, withStore } from './people.ts';
import { cpuRows, memoryRows } from './process-tables.ts';
import type { ProcessName } from './processes.ts';
import { acceptedAt, forgetCounts, mistakesIn, readStats, untilAccepted } from './provider.ts';
import { readRequests, requestsNow, type Requests } from './rpcs.ts';
import type { Scenario } from './scenario.ts';
import { orderOf, orderTables } from './sleepers-order.ts';
import { onStage, type Stage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';

/** All wake within this. */
const wakeWithinMs = 60_000;
/** A worker that has brought nobody to sleep for so long has stopped. */
const stallMs = 60_000;
const idleMs = 10_000;
/** Beyond this many, the order is looked at in so many of them. */
const looked = 5_000;

/** Many journeys that sleep at once and wake within a minute: what they weigh, what they cost idle, and in which order their mails leave. */
export const sleepers: Scenario = async ({ sleepers: count, wakeRate, warmUp }, interrupted) => {
  const plan = {
    programs: ['ses', 'worker', 'ingress'] as const,
    rateLimit: wakeRate,
    journeys: await journeysBundle(),
  };
  return onStage(plan, interrupted, async (stage) => {
    const sesUrl = stage.urlOf('ses');
    const weigh = () => readMemory(stage.pids);
    const few = Math.max(warmUp, Math.min(2_000, Math.round(count / 10)));
    console.error(`sleepers: warming up with ${few}`);
    const startedIn = await warmUpWith(stage, few);
    await forgetCounts(sesUrl);
    const signups = await withStore(stage, (store) => signUp(store, count));

    const before = weigh();
    // Somewhat more than the warm-up says, so that all sleep, and can be watched idle, before the first wakes.
    const firstWakesAt = Date.now() + (count / few) * startedIn * 1.1 + idleMs + 5_000;
    console.error(
      `sleepers: starting ${count}, which wake from ${Math.round((firstWakesAt - Date.now()) / 1_000)} s on`,
    );
    const watch = () => countCpu(stage.pids as Record<ProcessName, number>);
    const endStarting = watch();
    const startedAt = Date.now();
    const half = Math.floor(count / 2);
    const wakeAt = (index: number) => firstWakesAt + Math.floor((wakeWithinMs * ((index * 7_919) % count)) / count);
    await startSleepers(stage, signups.slice(0, half), wakeAt);
    const halfAsleep = weigh();
    await startSleepers(stage, signups.slice(half), (index) => wakeAt(half + index));
    const startSeconds = (Date.now() - startedAt) / 1_000;
    const starting = endStarting();
    const asleep = weigh();
    const endIdle = watch();
    await sleep(Math.min(idleMs, firstWakesAt - Date.now()));
    const idle = endIdle();
    const { accepted: early } = await readStats(sesUrl);

    console.error('sleepers: all asleep; waiting for them to wake');
    await sleep(Math.max(0, firstWakesAt - Date.now()));
    const endWaking = watch();
    await untilAccepted(sesUrl, count);
    const waking = endWaking();
    const after = weigh();
    const asleepUntil = signups.map((signup, index) => ({ signup, wakesAt: wakeAt(index) }));
    const left = [...(await acceptedAt(sesUrl)).values()];
    // By the second half nothing is set up any more.
    const grown = (name: ProcessName) => (((asleep[name] - halfAsleep[name]) * 1_024) / (count - half)).toFixed(2);
    const order = await orderOf(stage, sample(asleepUntil, looked));
    const stats = await readStats(sesUrl);
    return {
      surroundings: await surroundingsOf(stage),
      tables: [
        {
          title: `${count} journeys started and asleep in ${startSeconds.toFixed(1)} s: ${(count / startSeconds).toFixed(0)} a second`,
          rows: memoryRows(
            { before, 'half asleep': halfAsleep, 'all asleep': asleep, 'all sent': after },
            { 'KB a journey, second half': grown },
          ),
        },
        {
          title: 'What each process worked',
          rows: cpuRows({
            'being started': starting,
            'all asleep': idle,
            'from the first wake to the last mail': waking,
          }),
        },
        wakeTable(left, firstWakesAt, wakeRate, stats.busiestWindow.count),
        ...orderTables(order, count),
      ],
      notes:
        early > 0 ? [`${early} had woken before all were asleep: the machine was slower than in the warm-up.`] : [],
      figures: {
        count,
        wakeRate,
        startSeconds,
        early,
        order,
        memory: { before, halfAsleep, asleep, after },
        cpu: { starting, idle, waking },
      },
      mistakes: mistakesIn(stats, count),
    };
  });
};

/** Gives back how long it took to start them, in ms. They wake a second later, and their mails leave. */
async function warmUpWith(stage: Stage, count: number): Promise<number> {
  const signups = await withStore(stage, (store) => signUp(store, count));
  const startedAt = Date.now();
  await startSleepers(stage, signups, () => Date.now() + 1_000);
  const took = Date.now() - startedAt;
  await untilAccepted(stage.urlOf('ses'), count);
  return took;
}

/** Starts them, 100 in flight, and returns when the worker has brought each to its wait. */
async function startSleepers(
  { client, servers }: Stage,
  signups: readonly Event<'user.signed_up'>[],
  wakeAt: (index: number) => number,
): Promise<void> {
  const { metricsUrl } = servers.temporal;
  const turns = (requests: Requests) => requests['RespondWorkflowTaskCompleted'] ?? 0;
  const wanted = turns(await readRequests(metricsUrl)) + signups.length;
  const queue = new PQueue({ concurrency: 100 });
  await queue.addAll(
    signups.map(
      (signup, index) => () =>
        client.workflow.start('sleeper', {
          workflowId: signup.event_id,
          taskQueue: journeyQueue,
          args: [signup, wakeAt(index)],
        }),
    ),
  );
  let seen = -1;
  for (let since = Date.now(); Date.now() - since < stallMs; await sleep(200)) {
    const had = turns(await requestsNow(metricsUrl));
    if (had >= wanted) return;
    if (had !== seen) since = Date.now();
    seen = had;
  }
  throw new Error(`Of ${wanted} turns that bring the journeys to sleep, the worker has had ${seen}, and has no more.`);
}

function wakeTable(left: readonly number[], firstWakesAt: number, limit: number, busiest: number) {
  const last = Math.max(...left);
  const { median, max } = spread(perSecond(left, firstWakesAt, last));
  return {
    title: `All wake within ${wakeWithinMs / 1_000} s; the account may send ${limit} a second`,
    rows: [
      ['', 'mails'],
      ['median of the seconds', String(median)],
      ['busiest second', String(max)],
      ['busiest 1,000 ms', String(busiest)],
      ['last mail after the first wakes, s', ((last - firstWakesAt) / 1_000).toFixed(1)],
    ],
  };
}
