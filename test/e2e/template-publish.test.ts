import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { sendsIn } from '../../cli/sends-in-history.ts';
import { compileTemplate } from '../../templates/compile/compile.ts';
import { orderCompleted, person } from '../support/events.ts';
import { waitOf } from '../support/runs.ts';
import { type ProductProcess, startSystem, type System } from '../support/system.ts';

let system: System;
let workers: ProductProcess[];
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-words-'));
  cpSync(fileURLToPath(new URL('../../templates', import.meta.url)), folder, { recursive: true });
  system = await startSystem(inject('servers'), { probeEvery: '1s' });
  [, ...workers] = await Promise.all([system.startIngress(), system.startWorker(), system.startWorker()]);
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Publishes the receipt with this subject: its version. */
async function publishSubject(subject: string): Promise<string> {
  const file = join(folder, 'receipt/mail.mjml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^subject: .*$/m, `subject: "${subject} {{event.order_id}}"`));
  const { template } = await compileTemplate(folder, 'receipt', { topics: ['onboarding', 'offers'] });
  const published = await system.store.templates.publish(template, { author: 'grace', message: subject });
  expect(published).toBe('live');
  return template.version;
}

/** Somebody who orders; what becomes of it is in their inbox and in their run. */
async function order() {
  const who = person('ada');
  const event = orderCompleted(who);
  await system.publish(event);
  return {
    run: event.event_id,
    subjects: () => system.ses.mailbox.list({ to: who.email }).map((mail) => mail.subject),
  };
}

type Order = Awaited<ReturnType<typeof order>>;
const mailed = ({ subjects }: Order) => expect.poll(subjects, { timeout: 30_000 }).toHaveLength(1);
const words = ({ subjects }: Order) => subjects()[0]?.split(' ')[0];

/** How long after `since` an order was mailed in these words, having ordered until then. */
async function untilSent(word: string, since: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const next = await order();
    await mailed(next);
    if (words(next) === word) return Date.now() - since;
  }
  throw new Error(`nobody got a mail that begins with ${word}`);
}

/** The version that a run says it sent. */
async function versionOf(run: string): Promise<unknown> {
  const { events } = await system.client.workflow.getHandle(run).fetchHistory();
  return [...sendsIn(events ?? []).values()].at(-1)?.result?.version;
}

describe('while orders come in', () => {
  it('other words go out soon after they are published, and the old ones after a rollback; nobody gets two mails or none', async () => {
    const [pids, orders] = [workers.map(({ url }) => url), [] as Order[]];
    const ordering = async (count: number) => {
      for (let index = 0; index < count; index++) orders.push(await order());
    };
    await ordering(20);
    for (const one of orders) await mailed(one);
    const first = (await system.store.templates.live()).get('receipt');
    let done = 0;
    const publishing = publishSubject('Thanks').finally(() => (done = Date.now()));
    const [, version] = await Promise.all([ordering(40), publishing]);
    const published = await untilSent('Thanks', done);
    await ordering(20);
    for (const one of orders.slice(-20)) await mailed(one);
    const taking = system.rivulet('templates rollback receipt -m oops');
    await ordering(40);
    expect(await taking).toMatchObject({ code: 0, out: expect.stringContaining(`Taken back: ${version}`) });
    const back = await untilSent('Your', Date.now());

    for (const one of orders) await mailed(one);
    expect(new Set(orders.map(words))).toEqual(new Set(['Your', 'Thanks']));
    expect(orders.slice(0, 20).map(words)).toEqual(Array(20).fill('Your'));
    expect((await system.store.templates.live()).get('receipt')).toBe(first);
    expect(workers.map(({ url }) => url)).toEqual(pids); // the same processes all the time
    console.log(
      `other words at most ${published} ms after publish, the old ones at most ${back} ms after the rollback`,
    );
  });
});

describe('a mail that waits', () => {
  it('goes out in the words that it was written with, and its run shows their version', async () => {
    const before = await publishSubject('Before');
    await untilSent('Before', Date.now());
    system.ses.faults.update({ sendingEnabled: false });
    const waiting = await Promise.all(Array.from({ length: 5 }, order));
    const reason = ({ run }: Order) =>
      waitOf(system.client, run).then(
        (wait) => wait?.type,
        () => undefined,
      );
    for (const one of waiting) await expect.poll(() => reason(one), { timeout: 30_000 }).toBe('GateClosed');

    const after = await publishSubject('After');
    for (const worker of workers) await expect.poll(worker.output, { timeout: 10_000 }).toContain(after);
    system.ses.faults.clear();
    for (const one of waiting) await mailed(one);
    expect(waiting.map(words)).toEqual(Array(5).fill('Before'));
    expect(await Promise.all(waiting.map(async ({ run }) => (await resultOf(run)) && versionOf(run)))).toEqual(
      Array(5).fill(before),
    );
    const next = await order();
    await mailed(next);
    expect([words(next), await resultOf(next.run), await versionOf(next.run)]).toEqual(['After', 'sent', after]);
  });
});

const resultOf = (run: string) => system.client.workflow.getHandle(run).result();
