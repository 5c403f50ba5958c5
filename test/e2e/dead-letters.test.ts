import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { nanos } from '@nats-io/transport-node';
import { Command } from 'commander';
import PQueue from 'p-queue';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';

import { addDeadLetters } from '../../cli/dead-letters/command.ts';
import { publicationOf } from '../../cli/dead-letters/publication.ts';
import { replayLetter } from '../../cli/dead-letters/replay-letter.ts';
import { withDeadLetters } from '../../cli/dead-letters/stream.ts';
import { orderCompleted, person } from '../support/events.ts';
import { startSystem, type System } from '../support/system.ts';
import { unprocessed } from '../support/unprocessed.ts';

/** The long form: RIVULET_TEST_LETTERS=500. */
const letters = Number(process.env['RIVULET_TEST_LETTERS'] ?? 60);

let system: System;
/** Where editors' files are, and stay when another command was faster. */
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-letters-'));
  vi.stubEnv('TMPDIR', folder);
  system = await startSystem(inject('servers'));
  await Promise.all([system.startIngress(), system.startWorker()]);
});
afterAll(async () => {
  await system.stop();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

type Order = ReturnType<typeof orderCompleted>;

/** What is wrong with an order, and what mends it: a replacement in its JSON, or an option of `replay`. */
interface Kind {
  reason: string;
  broken(order: Order): string;
  subject?: string;
  mend?: string;
}

const json = (order: Order, change: object) => JSON.stringify({ ...order, ...change });
const kinds: Kind[] = [
  { reason: 'invalid_json', broken: (order) => `${JSON.stringify(order).slice(0, -1)},}`, mend: 's/,}$/}/' },
  {
    reason: 'unknown_event_type',
    broken: (order) => json(order, { event_type: 'order.complete' }),
    mend: 's/"order.complete"/"order.completed"/',
  },
  {
    reason: 'invalid_payload',
    broken: (order) => json(order, { payload: { ...order.payload, total: undefined, totl: 12.5 } }),
    mend: 's/"totl"/"total"/',
  },
  {
    reason: 'invalid_timestamp',
    broken: (order) => json(order, { timestamp: 'yesterday' }),
    mend: `s/"yesterday"/${Date.now()}/`,
  },
  {
    reason: 'invalid_event_id',
    broken: (order) => json(order, { event_id: order.event_id.replace('-', '/') }),
    mend: 's#/#-#',
  },
  { reason: 'subject_mismatch', broken: (order) => JSON.stringify(order), subject: 'marketing.events.user.signed_up' },
];

/** Runs `rivulet dead-letters …` in this process. Returns how it failed, if it did. */
async function deadLetters(args: string[], editor = ''): Promise<string | undefined> {
  const env = { NATS_URL: system.place.nats, EDITOR: editor };
  const program = new Command().exitOverride();
  addDeadLetters(program, { root: '.', env, print: () => {} });
  try {
    await program.parseAsync(['dead-letters', ...args], { from: 'user' });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const count = async (stream: string) => (await system.stream.manager.streams.info(stream)).state.messages;

async function lettersOf({ reason }: Kind): Promise<number[]> {
  const found: number[] = [];
  await withDeadLetters({ NATS_URL: system.place.nats }, async (stream) => {
    for await (const letter of stream.letters()) if (letter.reason === reason) found.push(letter.seq);
  });
  return found;
}

/** As a command does that dies between the publication and the deletion of the letter. */
async function replayAndDie(seq: number): Promise<void> {
  await withDeadLetters({ NATS_URL: system.place.nats }, async (stream) => {
    const letter = await stream.read(seq);
    const publication = letter && publicationOf(stream.name, letter, { subjectFromType: true });
    if (!publication || 'invalid' in publication) throw new Error(`letter ${seq} cannot be replayed`);
    await replayLetter({ ...stream, remove: async () => false }, seq, publication);
  });
}

it(
  `${letters} dead letters of six kinds that are mended and replayed, twice and at the same time, are one email each`,
  async () => {
    const { streams } = system.stream.manager;
    const { config } = await streams.info('MARKETING_EVENTS');
    // JetStream recognises no copy: the record, Temporal and the ledger have to.
    await streams.update('MARKETING_EVENTS', { ...config, duplicate_window: nanos(100) });
    const people = Array.from({ length: letters }, () => person('ada'));
    for (const [index, who] of people.entries()) {
      const kind = kinds[index % kinds.length]!;
      await system.publishBytes(kind.broken(orderCompleted(who)), kind.subject ?? 'marketing.events');
    }
    await expect.poll(() => count('MARKETING_DLQ'), { timeout: 60_000 + letters * 50 }).toBe(letters);
    expect(system.ses.mailbox.list()).toEqual([]);
    const published = await count('MARKETING_EVENTS');

    const problems: (string | undefined)[] = [];
    const commands = new PQueue({ concurrency: 4 });
    for (const kind of kinds) {
      const seqs = await lettersOf(kind);
      expect(seqs.length, kind.reason).toBeGreaterThan(0);
      if (kind.mend === undefined) {
        for (const seq of seqs) await replayAndDie(seq);
        await sleep(200); // longer than JetStream's duplicate window
        const all = ['replay', '--where', `reason == "${kind.reason}"`, '--subject-from-type'];
        problems.push(...(await Promise.all([deadLetters(all), deadLetters(all)])));
        continue;
      }
      const edit = (seq: number) => deadLetters(['replay', '--edit', String(seq)], `sed -i '${kind.mend}'`);
      await commands.addAll(
        seqs.map((seq) => async () => {
          problems.push(...(await Promise.all([edit(seq), edit(seq)])));
        }),
      );
    }
    // Of two commands the later one may find no letter any more.
    expect(problems.filter((problem) => problem !== undefined && !/not found|meanwhile/.test(problem))).toEqual([]);
    expect(await count('MARKETING_DLQ')).toBe(0);
    expect((await count('MARKETING_EVENTS')) - published).toBeGreaterThanOrEqual(letters + Math.floor(letters / 6));

    const emails = () => people.map(({ email }) => system.ses.mailbox.list({ to: email }).length);
    await expect.poll(() => emails().filter((each) => each === 0).length, { timeout: 60_000 + letters * 200 }).toBe(0);
    await expect.poll(() => unprocessed(system.stream), { timeout: 60_000 }).toBe(0);
    const running = async () => {
      const query = 'ExecutionStatus = "Running" AND WorkflowType = "receipt"';
      return (await system.client.workflow.count(query)).count;
    };
    await expect.poll(running, { timeout: 60_000 }).toBe(0);
    expect(emails()).toEqual(people.map(() => 1));
    expect(await count('MARKETING_DLQ')).toBe(0);
  },
  300_000 + letters * 1_000,
);
