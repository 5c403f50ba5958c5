import { setTimeout as sleep } from 'node:timers/promises';

import type { Boundary } from './boundaries.ts';
import type { Flow } from './flow.ts';
import type { Death, Disturbance } from './plan.ts';
import type { Mortal, Stage } from './stage.ts';

/** Kills or freezes one server or process, and returns when it is at work again. */
export async function disturb({ servers, ...kept }: Stage, { target, how, ms }: Disturbance): Promise<void> {
  if (target === 'worker' || target === 'ingress')
    return how === 'kill' ? kept[target].kill(ms) : kept[target].freeze(ms);
  const server = servers.server(target);
  await server.kill(how === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  await sleep(ms);
  return how === 'kill' ? server.start() : server.kill('SIGCONT');
}

/** A worker that does not get to its boundary, or dies elsewhere, is followed by another, up to so many. */
const tries = 4;
const diesWithinMs = 30_000;

/** Lets a worker die at this boundary. Throws when that boundary cannot be reached. */
export async function die(stage: Stage, flow: Flow, death: Death, atOnce: number): Promise<Boundary> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const mortal = await stage.startMortal(death);
    flow.release(atOnce);
    for (const deadline = Date.now() + diesWithinMs; mortal.process.running() && Date.now() < deadline;) {
      await Promise.race([mortal.process.exited, sleep(1_500)]);
      flow.release(2); // it shares them with the other worker, and needs enough to get to its nth
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
