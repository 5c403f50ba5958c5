import { setTimeout as sleep } from 'node:timers/promises';

import { minuteMs } from '../../store/feed.ts';
import type { Boundary } from './boundaries.ts';
import { allClosed } from './closing.ts';
import { count, type Counts } from './counts.ts';
import { die, disturb } from './disturb.ts';
import { actedOut, arm, type FaultKind, faultKinds } from './faults.ts';
import { type Flow, openFlow } from './flow.ts';
import { type ChaosOptions, type Disturbance, everyone, goodbyesOf, makePlan, oneMore, type Plan } from './plan.ts';
import { poisoning } from './poisoning.ts';
import { describeResult, type Result } from './report.ts';
import { setStage, type Stage } from './stage.ts';

export interface RunOptions extends ChaosOptions {
  /**
   * With the feed, longer than it can be late: what a dead ingress held is read again after ten seconds (`ack_wait`), and a receipt
   * whose report is later than this is sent again.
   */
  settleAfter: string;
  /** Over how long the calm events are spread: long enough that one is sent after each doubt. */
  calmMs: number;
  /** How long runs may take to close after that. */
  closeWithinMs: number;
}

/** Lets everything break that can, then waits until all is well, and counts. `judge` throws when it is not. */
export async function runChaos(options: RunOptions, judge: (result: Result) => void): Promise<void> {
  const watch = stopwatch();
  const plan = makePlan(options);
  const stage = await setStage(options);
  let failed = true;
  try {
    arm(stage.ses.faults, plan.chaos);
    watch.lap('starting');
    const lists = plan.chaos.map(({ messages }) => messages);
    const flow = await openFlow(stage.servers.nats.url, lists, () => oneMore(plan, options.seed).messages);
    let result: Result;
    try {
      const done = await breakThings(stage, flow, plan);
      const faults = await eachFaultMet(stage, flow, plan, options.seed);
      stage.ses.faults.clear();
      stage.temporal.mend();
      watch.lap('breaking');
      await calmDown(flow, plan, options.calmMs);
      watch.lap('calm');
      const closed = await allClosed(stage, flow.stream, plan, options);
      watch.lap('closing');
      const partialFailures = stage.temporal.failed;
      const endedByThemselves = stage.endedByThemselves();
      result = {
        options,
        plan,
        ...done,
        ...closed,
        faults,
        partialFailures,
        endedByThemselves,
        seconds: watch.seconds,
      };
    } finally {
      await flow.close();
    }
    process.stdout.write(describeResult(result));
    judge(result);
    failed = false;
  } catch (error) {
    const run = `seed ${options.seed}, feed ${options.feed ? 'on' : 'off'}, logs in ${stage.folder}`;
    throw new Error(`${run}: ${words(error)}`, { cause: error });
  } finally {
    await stage.stop(failed);
  }
}

/** Seconds by phase, for the table; nothing is asserted about them. */
function stopwatch(): { seconds: Counts; lap(phase: string): void } {
  const seconds: Counts = {};
  let since = performance.now();
  return {
    seconds,
    lap(phase) {
      const now = performance.now();
      seconds[phase] = Math.round((now - since) / 1_000);
      since = now;
    },
  };
}

const words = (error: unknown) => (error instanceof Error ? error.message : String(error));

type Done = Pick<Result, 'deaths' | 'kills' | 'freezes' | 'wipes' | 'failovers' | 'outages' | 'bursts'>;

/** All at once: in rows servers and processes are killed and frozen, in another workers die, and in one messages are poisoned. */
async function breakThings(stage: Stage, flow: Flow, plan: Plan): Promise<Done> {
  const deaths: Counts<Boundary> = {};
  const done: Done = { deaths, kills: {}, freezes: {}, wipes: 0, failovers: 0, outages: [], bursts: {} };
  // Eight for each death are kept back: they are for workers that have not come to their boundary yet.
  const { chaos, disturbances, deaths: ends } = plan;
  const releases = disturbances.flat().length + ends.length;
  const atOnce = Math.max(1, Math.floor((chaos.length - 8 * ends.length) / releases));
  const disturbing = async (row: readonly Disturbance[]) => {
    for (const disturbance of row) {
      flow.release(atOnce);
      await sleep(300); // so that some of them are under way
      await disturb(stage, flow, plan, disturbance);
      note(done, disturbance);
    }
  };
  const dying = async () => {
    for (const death of ends) count(deaths, await die(stage, flow, death, atOnce));
  };
  const rows = [...disturbances.map(disturbing), dying(), poisoning(stage, flow, plan.poison)];
  for (const row of await Promise.allSettled(rows)) {
    if (row.status === 'rejected') throw row.reason;
  }
  flow.release(flow.left);
  await flow.acknowledged();
  return done;
}

function note(done: Done, disturbance: Disturbance): void {
  const { how, target } = disturbance;
  if ('outage' in disturbance) done.outages.push(`${disturbance.outage}, ${how}`);
  else if (how === 'wipe') done.wipes += 1;
  else if (how === 'failover') done.failovers += 1;
  else if (how === 'kill') count(done.kills, target);
  else if (how === 'freeze') count(done.freezes, target);
  else count(done.bursts, how);
}

/**
 * Waits until a mail has met each kind of fault. Not all who were to meet one have come to SES: what a dead ingress held
 * comes half a minute later, and without the feed a marketing mail whose worker died between claim and request never does.
 * So receipts are published until each kind was met; nothing is killed any more, and their requests do arrive.
 */
async function eachFaultMet({ ses }: Stage, flow: Flow, plan: Plan, seed: number): Promise<Result['faults']> {
  for (const deadline = Date.now() + 90_000; ;) {
    const faults = actedOut(ses.faults, everyone(plan));
    const missing = (Object.keys(faultKinds) as FaultKind[]).filter((kind) => !faults[kind]);
    if (missing.length === 0 || Date.now() > deadline) return faults;
    for (const kind of missing) {
      const extra = oneMore(plan, seed, kind);
      arm(ses.faults, [extra]);
      extra.messages.forEach(flow.publish);
    }
    await sleep(10_000);
  }
}

/**
 * The rest of the events, spread over a while, with those that let the onboardings end. It lasts into the next minute: only emails of
 * a later minute let the feed decide about those in doubt.
 */
async function calmDown(flow: Flow, plan: Plan, atLeastMs: number): Promise<void> {
  const events = [...plan.calm.flatMap(({ messages }) => messages), ...goodbyesOf(everyone(plan))];
  const calmMs = Math.max(atLeastMs, (minuteMs - (Date.now() % minuteMs)) * 1.25);
  const steps = 20;
  for (let step = 0; step < steps; step++) {
    const share = (list: readonly unknown[], of: number) => Math.ceil((list.length * of) / steps);
    for (const event of events.slice(share(events, step), share(events, step + 1))) flow.publish(event);
    await sleep(calmMs / steps);
  }
  await flow.acknowledged();
}
