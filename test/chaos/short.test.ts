import { randomInt } from 'node:crypto';

import { describe, it } from 'vitest';

import { expectPromisesKept } from './promises.ts';
import { runChaos } from './run-chaos.ts';

const seed = Number(process.env['RIVULET_CHAOS_SEED'] ?? randomInt(2 ** 31));
process.stdout.write(`chaos: RIVULET_CHAOS_SEED=${seed} repeats it\n`);

const short = {
  seed,
  sends: 120,
  rounds: 1,
  halved: true,
  wipes: 3,
  failover: true,
  longestWindowMs: 1_000,
  calmMs: 10_000,
  // An email in doubt waits for twice the slowest report, and the slowest may have waited for the whole time of the faults.
  closeWithinMs: 420_000,
};

// Side by side: most of it is waiting for time-outs.
describe.concurrent('every server is killed and frozen, and workers die at every boundary of a send', () => {
  it('and with the event feed each email is sent exactly once', () =>
    runChaos({ ...short, feed: true, settleAfter: '25s' }, expectPromisesKept));

  it('and without it no marketing email is sent twice, no receipt is lost, and a repeated one is marked', () =>
    runChaos({ ...short, feed: false, settleAfter: '8s' }, expectPromisesKept));
});
