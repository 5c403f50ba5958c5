import { setTimeout as sleep } from 'node:timers/promises';

import type { Boundary } from './boundaries.ts';
import { providerTroubles } from './faults.ts';
import type { Flow } from './flow.ts';
import type { Death, Disturbance, Plan } from './plan.ts';
import type { Mortal, Stage } from './stage.ts';
import { isServer } from './targets.ts';

/** Hurts one server or process, and returns when it is at work again. */
export async function disturb(stage: Stage, flow: Flow, plan: Plan, disturbance: Disturbance): Promise<void> {
  switch (disturbance.how) {
    case 'wipe':
      return stage.wipeRedis();
    case 'failover':
      return stage.failOver();
    case 'bulk':
      return flow.burst(plan.bulk.flatMap(({ messages }) => messages));
    case 'hot user':
      return flow.burst(plan.hot.messages);
    case 'kill':
    case 'freeze':
      return hurt(stage, disturbance);
    default: {
      const end = stage.ses.faults.add({ action: providerTroubles[disturbance.how] });
      await sleep(disturbance.ms);
      return end();
    }
  }
}

async function hurt(
  stage: Stage,
  { target, how, ms }: Extract<Disturbance, { how: 'kill' | 'freeze' }>,
): Promise<void> {
  if (!isServer(target)) return how === 'kill' ? stage.process(target).kill(ms) : stage.process(target).freeze(ms);
  const server = stage.server(target);
  await server.kill(how === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  await sleep(ms);
  return how === 'kill' ? server.start() : server.kill('SIGCONT');
}

/** A worker that does not get to its boundary, or dies elsewhere, is followed by another, up to so many. */
const tries = 6;
const diesWithinMs = 30_000;

/** Lets a worker die at this boundary. Throws when that boundary cannot be reached. */
export async function die(stage: Stage, flow: Flow, death: Death, atOnce: number): Promise<Boundary> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const mortal = await stage.startMortal(death);
    flow.release(atOnce);
    for (const deadline = Date.now() + diesWithinMs; mortal.process.running() && Date.now() < deadline;) {
      await Promise.race([mortal.process.exited, sleep(1_500)]);
      flow.release(2); // it shares them with the other workers, and needs enough to get to its nth
    }
    await mortal.process.end(0);
    if (diedThere(stage, death, mortal)) return death.boundary;
  }
  throw new Error(`no worker died "${death.boundary}" at its send ${death.nth}, of ${tries} that were started`);
}

/** Whether SES had the mail when its reply was left unread is for SES to say. */
function diedThere({ ses }: Stage, { boundary }: Death, mortal: Mortal): boolean {
  const note = mortal.note();
  if (note?.boundary !== boundary) return false;
  return boundary !== 'accepted, reply not read' || ses.record.timesAccepted(note.tag) > 0;
}
