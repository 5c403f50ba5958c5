import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import type { JetStream } from '../../runtime/nats-connection.ts';
import { connectTo } from '../support/connect-to.ts';
import { orderCompleted, person } from '../support/events.ts';
import { npmStart, type NpmStart } from '../support/npm-start.ts';

let started: NpmStart;
let stream: JetStream;
beforeAll(async () => {
  started = await npmStart();
  stream = await connectTo(started.urls.nats);
}, 300_000);
afterAll(async () => {
  await stream?.connection.close();
  await started?.stop();
}, 60_000);

it.each([
  ['nats', 'nats-server'],
  ['redis', 'redis-server'],
  ['postgres', 'postgres'],
  ['temporal', 'temporal'],
])('npm start restarts %s when it is killed with -9, and receipts are sent as before', async (name, program) => {
  const from = started.lines.length;
  process.kill(processOf(program), 'SIGKILL');
  await eventually(() => expect(started.lines.slice(from)).toContain(`${name} is running again.`));

  const ada = person('ada');
  const order = orderCompleted(ada);
  // The same id each time: JetStream keeps one.
  const publish = () =>
    stream.js.publish('marketing.events.order.completed', JSON.stringify(order), { msgID: order.event_id });
  await eventually(publish);
  await eventually(async () => expect(await mailsTo(ada.email)).toBe(1));
  expect(started.running()).toBe(true);
  expect(started.lines.filter((line) => /^(worker|ingress|ses) ended by itself/.test(line))).toEqual([]);
});

/** Waits until `check` passes; when it never does, the failure says what `npm start` has printed. */
async function eventually(check: () => unknown): Promise<void> {
  try {
    await vi.waitFor(check, { timeout: 60_000, interval: 50 });
  } catch (cause) {
    const state = started.running() ? 'runs' : 'has ended';
    const printed = started.lines.slice(-40).join('\n');
    throw new Error(`${(cause as Error).message}; npm start ${state} and printed\n${printed}`, { cause });
  }
}

/** The server that runs this program: the data folder's lock names the processes. */
function processOf(program: string): number {
  const lock = JSON.parse(readFileSync(join(started.copy.dir, '.rivulet/data/lock.json'), 'utf8')) as {
    servers: number[];
  };
  const nameOf = (pid: number) => execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' });
  const found = lock.servers.filter((pid) => nameOf(pid).includes(program));
  expect(found).toHaveLength(1);
  return found[0]!;
}

async function mailsTo(address: string): Promise<number> {
  const mails = (await (await fetch(`${started.urls.inbox}/api/mails`)).json()) as { to: string[] }[];
  return mails.filter(({ to }) => to.includes(address)).length;
}
