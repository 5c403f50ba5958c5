import { randomInt } from 'node:crypto';

import { describe, it } from 'vitest';

import { expectPromisesKept } from './promises.ts';
import { runChaos } from './run-chaos.ts';

const seed = Number(process.env['RIVULET_CHAOS_SEED'] ?? randomInt(2 ** 31));
process.stdout.write(`chaos: RIVULET_CHAOS_SEED=${seed} repeats it\n`);

const sends = Number(process.env['RIVULET_CHAOS_SENDS'] ?? 10_000);
const rounds = Math.max(2, Math.min(10, Math.round(sends / 500)));
const full = {
  seed,
  sends,
  rounds,
  halved: false,
  wipes: Math.max(10, rounds),
  failover: true,
  longestWindowMs: 30_000,
  calmMs: 60_000,
  closeWithinMs: 20 * 60_000,
};

describe(`${sends} emails while every server is killed and frozen, Redis wiped, Postgres failed over, and workers die at every boundary of a send`, () => {
  it('are sent exactly once each, with the event feed', () =>
    runChaos({ ...full, feed: true, settleAfter: '60s' }, expectPromisesKept));

  it('without it: no marketing email is sent twice, no receipt is lost, and a repeated one is marked', () =>
    runChaos({ ...full, feed: false, settleAfter: '8s' }, expectPromisesKept));
});
