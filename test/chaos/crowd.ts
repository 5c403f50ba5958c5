import PQueue from 'p-queue';
import { expect } from 'vitest';

import { orderCompleted, person, signedUp } from '../support/events.ts';
import { waitOf } from '../support/runs.ts';
import type { System } from '../support/system.ts';

export type Person = ReturnType<typeof person>;

/** How many emails wait while something breaks: few in the suite; RIVULET_TEST_BACKLOG=1000 is the long form. */
export const crowd = Number(process.env['RIVULET_TEST_BACKLOG'] ?? 120);

export const people = (count: number, name = 'ada') => Array.from({ length: count }, () => person(name));

/** What tests of a server in trouble do with a system, and count. */
export interface Sending {
  accepted(): number;
  emailsTo(who: Person): number;
  /** One order each; returns their runs. */
  orders(all: readonly Person[]): Promise<string[]>;
  signUps(all: readonly Person[]): Promise<string[]>;
  /** Orders whose emails are being sent, all runs having begun. Returns the runs, once some emails were sent. */
  flowing(all: readonly Person[]): Promise<string[]>;
  /** Resolves when each of these runs waits for this. */
  allWaitFor(runs: readonly string[], why: RegExp): Promise<void>;
  /** Resolves when a few of those without an email wait for this. */
  restWaitsFor(all: readonly Person[], runs: readonly string[], why: RegExp): Promise<void>;
  /** Resolves when each of them has an email, and checks that none has two. */
  everyoneHasOne(all: readonly Person[]): Promise<void>;
}

const patient = { timeout: 180_000, interval: 200 };

export function sending(system: () => System): Sending {
  const emails = () => {
    const counts = new Map<string, number>();
    for (const { to } of system().ses.mailbox.list({}, { limit: Infinity }))
      for (const address of to) counts.set(address, (counts.get(address) ?? 0) + 1);
    return (who: Person) => counts.get(who.email) ?? 0;
  };
  const publish = async (events: { event_id: string }[]) => {
    const few = new PQueue({ concurrency: 20 }); // all at once, a busy NATS would not acknowledge the last of them in time
    await Promise.all(events.map((event) => few.add(() => system().publish(event))));
    return events.map(({ event_id }) => event_id);
  };
  const waits = async (runs: readonly string[]) =>
    Promise.all(
      runs.map((run) =>
        waitOf(system().client, run).then(
          (wait) => `${wait?.type}: ${wait?.message}`,
          () => 'no run yet',
        ),
      ),
    );
  const it: Sending = {
    accepted: () => system().ses.record.stats().accepted,
    emailsTo: (who) => emails()(who),
    orders: (all) => publish(all.map((who) => orderCompleted(who))),
    signUps: (all) => publish(all.map((who) => signedUp(who))),
    async flowing(all) {
      const { store, client } = system();
      await store.stops.pause('all');
      const runs = await it.orders(all);
      const open = () => client.workflow.count('WorkflowType = "receipt" AND ExecutionStatus = "Running"');
      await expect.poll(async () => (await open()).count, patient).toBeGreaterThanOrEqual(all.length);
      await store.stops.resume('all');
      await expect.poll(it.accepted, { ...patient, interval: 10 }).toBeGreaterThan(5);
      return runs;
    },
    allWaitFor: (runs, why) =>
      expect.poll(async () => (await waits(runs)).filter((wait) => !why.test(wait)), patient).toEqual([]),
    async restWaitsFor(all, runs, why) {
      const has = emails();
      const rest = runs.filter((_, index) => has(all[index]!) === 0);
      expect(rest.length).toBeGreaterThan(0);
      await it.allWaitFor(rest.slice(-5), why);
    },
    async everyoneHasOne(all) {
      await expect.poll(() => all.filter((who) => emails()(who) === 0).length, patient).toBe(0);
      expect(all.filter((who) => emails()(who) !== 1)).toEqual([]);
    },
  };
  return it;
}
