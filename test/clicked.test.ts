import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';

import type { ActivityDependencies } from '../activities/dependencies.ts';
import { createActivities } from '../activities/index.ts';
import { createLog } from '../runtime/log.ts';
import { connectTemporal, provisionTemporal } from '../runtime/temporal.ts';
import type { Engaged } from '../state/engagement.ts';
import { messageKey, messageTag } from '../state/keys.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { redisOfThisFile } from './support/scene.ts';

const redis = redisOfThisFile();
let memory: Memory;
let connections: [Connection, NativeConnection];
let worker: Worker;
let running: Promise<void>;
let client: Client;
const namespace = `clicked-${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { temporal: address } = inject('servers');
  const settings = {
    keyPrefix: `clicked-test-${randomUUID()}:`,
    secret: 'ab'.repeat(32),
    rateLimit: 1,
    quotaReserve: 0,
  };
  memory = createMemory(redis(), { ...settings, rememberSendsMs: 60_000 });
  const provisioner = await connectTemporal({ address, namespace }, createLog('worker', 'error'));
  await vi.waitFor(() => provisionTemporal(provisioner, namespace, true), { timeout: 30_000, interval: 200 });
  await provisioner.connection.close();
  connections = await Promise.all([Connection.connect({ address }), NativeConnection.connect({ address })]);
  client = new Client({ connection: connections[0], namespace });
  const logger = new DefaultLogger('ERROR');
  const workflowsPath = fileURLToPath(new URL('./support/asks-clicked.ts', import.meta.url));
  worker = await Worker.create({
    connection: connections[1],
    namespace,
    taskQueue: 'clicked',
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }),
    activities: createActivities({ memory } as ActivityDependencies), // this one asks the memory, and nothing else
  });
  running = worker.run();
}, 60_000);
afterAll(async () => {
  worker.shutdown();
  await running;
  for (const connection of connections) await connection.close();
}, 60_000);

/** What the journey hears after all this has happened to its mail. */
async function answer(...happenings: Pick<Engaged, 'type' | 'by'>[]): Promise<boolean> {
  const event_id = randomUUID();
  const tag = messageTag(messageKey(event_id, 'welcome'));
  for (const happening of happenings) await memory.engagement.record(tag, { ...happening, id: randomUUID(), at: 1 });
  const signup = { event_id, event_type: 'user.signed_up' as const, user_id: 'ada', timestamp: 1, payload: {} };
  return client.workflow.execute('asksClicked', { workflowId: event_id, taskQueue: 'clicked', args: [signup] });
}

describe('a journey that asks whether somebody clicked', () => {
  it.each([
    ['nothing has happened', [], false],
    ['a person has clicked', [{ type: 'click', by: 'human' }], true],
    ['a machine has', [{ type: 'click', by: 'machine' }], false],
    ['nobody says who', [{ type: 'click', by: 'unknown' }], false],
    ['a person has only opened it', [{ type: 'open', by: 'human' }], false],
    [
      'a machine has, and then a person',
      [
        { type: 'click', by: 'machine' },
        { type: 'click', by: 'human' },
      ],
      true,
    ],
  ] as const)('hears the truth when %s', async (_, happenings, expected) => {
    expect(await answer(...happenings)).toBe(expected);
  });
});

describe('what is kept of opens and clicks', () => {
  it('is one count for each kind, whatever comes twice, and the time of the first', async () => {
    const tag = randomUUID();
    const click = { type: 'click', by: 'human' } as const;
    expect(await memory.engagement.record(tag, { ...click, id: 'one', at: 5 })).toBe(true);
    expect(await memory.engagement.record(tag, { ...click, id: 'one', at: 5 })).toBe(false);
    expect(await memory.engagement.record(tag, { ...click, id: 'two', at: 9 })).toBe(true);
    expect(await memory.engagement.of(tag)).toEqual({ 'click:human': 2, 'click:human:first': 5 });
  });

  it('is no more than Redis can bear of a link checker in a loop, and the first of another kind still counts', async () => {
    const tag = randomUUID();
    const many = Array.from({ length: 700 }, (_, index) => index);
    for (const id of many) await memory.engagement.record(tag, { type: 'open', by: 'machine', id: `${id}`, at: id });
    expect((await memory.engagement.of(tag))['open:machine']).toBeLessThan(600);
    await memory.engagement.record(tag, { type: 'click', by: 'human', id: 'her', at: 1 });
    expect(await memory.engagement.clicked(tag)).toBe(true);
  });
});
