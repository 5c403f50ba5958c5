import { setTimeout as sleep } from 'node:timers/promises';

import { connectPostgres } from '../../store/postgres/connect.ts';
import { createEvents } from '../../store/postgres/events.ts';
import type { Flow } from './flow.ts';
import type { Poison } from './poison.ts';
import type { Stage } from './stage.ts';

/** Publishes poisoned messages one by one while things break. One that reuses an id waits until the good event is recorded. */
export async function poisoning({ postgresUrl }: Stage, flow: Flow, poison: readonly Poison[]): Promise<void> {
  const postgres = connectPostgres({ url: postgresUrl });
  const events = createEvents(postgres);
  const recorded = async (id: string) => {
    for (const deadline = Date.now() + recordedWithinMs; ; await sleep(1_000)) {
      if (await events.find(id).catch(() => undefined)) return;
      if (Date.now() > deadline) throw new Error(`${id} is not recorded after ${recordedWithinMs / 1_000} s`);
      flow.release(Math.min(1, flow.left)); // the second event of a person follows the next release
    }
  };
  try {
    for (const { message, after } of poison) {
      if (after !== undefined) await recorded(after);
      flow.publish(message);
      await sleep(apartMs);
    }
  } finally {
    await postgres.close();
  }
}

const apartMs = 300;

/** Longer than the longest trouble, and the retries after it. */
const recordedWithinMs = 10 * 60_000;
