import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';

import { connectRedis, redisReady } from '../../state/redis.ts';
import { createKeys } from '../../state/keys.ts';
import { createSends } from '../../state/sends.ts';
import { secret } from '../support/system.ts';
import type { Boundary } from './boundaries.ts';
import { count, type Counts } from './counts.ts';
import { die, disturb } from './disturb.ts';
import { actedOut, arm, type FaultKind, faultKinds } from './faults.ts';
import { type Flow, openFlow } from './flow.ts';
import { type Outcome, outcomes } from './outcome.ts';
import { type ChaosOptions, makePlan, oneMore, type Plan, type Target } from './plan.ts';
import { describeResult, type Result } from './report.ts';
import { keyPrefix, perSecond, setStage, type Stage } from './stage.ts';

export interface RunOptions extends ChaosOptions {
  /** With the feed, longer than any lull: only a mail dispatched later lets the feed tell of one that did not leave. */
  settleAfter: string;
  /** Over how long the calm events are spread: long enough that one is sent after each doubt. */
  calmMs: number;
  /** How long runs may take to close after that. */
  closeWithinMs: number;
}

/** A worker compares the suppressions with the provider's list when it is first started; that run is no event's. */
const ofEvents = 'WorkflowType != "suppressionSync"';

/** Lets everything break that can, then waits until all is well, and counts. `judge` throws when it is not. */
export async function runChaos(options: RunOptions, judge: (result: Result) => void): Promise<void> {
  const watch = stopwatch();
  const plan = makePlan(options);
  const stage = await setStage(options);
  let failed = true;
  try {
    arm(stage.ses.faults, plan.chaos);
    watch.lap('starting');
    const flow = await openFlow(
      stage.servers.nats.url,
      plan.chaos.map(({ event }) => event),
      () => oneMore(plan, options.seed).event,
    );
    let done: Pick<Result, 'deaths' | 'kills' | 'freezes'>;
    let faults: Result['faults'];
    try {
      done = await breakThings(stage, flow, plan);
      faults = await eachFaultMet(stage, flow, plan, options.seed);
      stage.ses.faults.clear();
      watch.lap('breaking');
      await calmDown(flow, plan, options.calmMs);
      watch.lap('calm');
    } finally {
      await flow.close();
    }
    const closed = await runsClosed(stage, plan.chaos.length + plan.calm.length, options.closeWithinMs);
    watch.lap('closing');
    const result = {
      options,
      ...done,
      ...closed,
      outcomes: await readOutcomes(stage, plan),
      faults,
      endedByThemselves: stage.ingress.endedByItself + stage.worker.endedByItself,
      seconds: watch.seconds,
    };
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

/** All at once: servers and processes are killed and frozen, and in two rows workers die one after the other. */
async function breakThings(
  stage: Stage,
  flow: Flow,
  plan: Plan,
): Promise<Pick<Result, 'deaths' | 'kills' | 'freezes'>> {
  const deaths: Counts<Boundary> = {};
  const kills: Counts<Target> = {};
  const freezes: Counts<Target> = {};
  // Eight for each death are kept back: they are for workers that have not come to their boundary yet.
  const { chaos, disturbances, deaths: ends } = plan;
  const atOnce = Math.max(1, Math.floor((chaos.length - 8 * ends.length) / (disturbances.length + ends.length)));
  const disturbing = async () => {
    for (const disturbance of disturbances) {
      flow.release(atOnce);
      await sleep(300); // so that some of them are under way
      await disturb(stage, disturbance);
      count(disturbance.how === 'kill' ? kills : freezes, disturbance.target);
    }
  };
  const waiting = [...ends];
  const dying = async () => {
    for (let death = waiting.shift(); death; death = waiting.shift()) {
      count(deaths, await die(stage, flow, death, atOnce));
    }
  };
  const rows = [dying(), dying()];
  for (const track of await Promise.allSettled([disturbing(), ...rows])) {
    if (track.status === 'rejected') throw track.reason;
  }
  flow.release(flow.left);
  await flow.acknowledged();
  return { deaths, kills, freezes };
}

/**
 * Waits until a mail has met each kind of fault. Not all who were to meet one have come to SES: what a dead ingress held
 * comes half a minute later, and without the feed a marketing mail whose worker died between claim and request never does.
 * So receipts are published until each kind was met; nothing is killed any more, and their requests do arrive.
 */
async function eachFaultMet({ ses }: Stage, flow: Flow, plan: Plan, seed: number): Promise<Result['faults']> {
  for (const deadline = Date.now() + 90_000; ;) {
    const faults = actedOut(ses.faults, plan.chaos);
    const missing = (Object.keys(faultKinds) as FaultKind[]).filter((kind) => !faults[kind]);
    if (missing.length === 0 || Date.now() > deadline) return faults;
    for (const kind of missing) {
      const extra = oneMore(plan, seed, kind);
      arm(ses.faults, [extra]);
      flow.publish(extra.event);
    }
    await sleep(10_000);
  }
}

/** The rest of the events, spread over a while, with those that let the onboardings end. */
async function calmDown(flow: Flow, { calm, goodbyes }: Plan, calmMs: number): Promise<void> {
  const events = [...calm.map(({ event }) => event), ...goodbyes];
  const steps = 20;
  for (let step = 0; step < steps; step++) {
    const share = (list: readonly unknown[], of: number) => Math.ceil((list.length * of) / steps);
    for (const event of events.slice(share(events, step), share(events, step + 1))) flow.publish(event);
    await sleep(calmMs / steps);
  }
  await flow.acknowledged();
}

async function runsClosed(
  { servers }: Stage,
  expected: number,
  withinMs: number,
): Promise<Pick<Result, 'open' | 'runs'>> {
  const connection = await Connection.connect({ address: servers.temporal.address });
  try {
    const { workflow } = new Client({ connection, namespace: servers.temporal.namespace });
    for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(500)) {
      const [all, open] = await Promise.all([
        workflow.count(ofEvents),
        workflow.count(`${ofEvents} AND ExecutionStatus = "Running"`),
      ]);
      if (all.count >= expected && open.count === 0) return { open: [], runs: all.count };
    }
    const open: string[] = [];
    for await (const { workflowId } of workflow.list({ query: `${ofEvents} AND ExecutionStatus = "Running"` }))
      open.push(workflowId);
    return { open, runs: (await workflow.count(ofEvents)).count };
  } finally {
    await connection.close();
  }
}

async function readOutcomes({ servers, ses }: Stage, plan: Plan): Promise<Outcome[]> {
  const redis = connectRedis(servers.redis.url, () => undefined);
  try {
    await redisReady(redis);
    const options = { rememberMs: 86_400_000, perSecond, quotaReserve: 0 };
    const sends = createSends(redis, createKeys(keyPrefix, secret), options);
    const { byTag } = ses.record.stats();
    return await outcomes([...plan.chaos, ...plan.calm], (tag) => byTag[tag] ?? 0, sends);
  } finally {
    redis.disconnect();
  }
}
