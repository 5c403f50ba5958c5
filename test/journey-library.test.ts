import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';

import type { ActivityDependencies } from '../activities/dependencies.ts';
import { createActivities } from '../activities/index.ts';
import { createLog } from '../runtime/log.ts';
import { connectTemporal, provisionTemporal } from '../runtime/temporal.ts';
import type { Engaged } from '../store/engagement.ts';
import { messageKey, messageTag } from '../store/message-key.ts';
import { createStore, type Store } from '../store/store.ts';
import { serversOfThisFile } from './support/scene.ts';
import { timeSkipping } from './support/time-skipping.ts';

const connected = serversOfThisFile();
let store: Store;
let connections: [Connection, NativeConnection];
let worker: Worker;
let running: Promise<void>;
let client: Client;
const namespace = `library-${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { temporal: address } = inject('servers');
  const settings = {
    keyPrefix: `library-test-${randomUUID()}:`,
    secret: 'ab'.repeat(32),
    rateLimit: 1,
    quotaReserve: 0,
  };
  store = createStore(connected, settings);
  const provisioner = await connectTemporal({ address, namespace }, createLog('worker', 'error'));
  await vi.waitFor(() => provisionTemporal(provisioner, namespace, true), { timeout: 30_000, interval: 200 });
  await provisioner.connection.close();
  connections = await Promise.all([Connection.connect({ address }), NativeConnection.connect({ address })]);
  client = new Client({ connection: connections[0], namespace });
  const logger = new DefaultLogger('ERROR');
  const workflowsPath = fileURLToPath(new URL('./support/asking-journeys.ts', import.meta.url));
  worker = await Worker.create({
    connection: connections[1],
    namespace,
    taskQueue: 'library',
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }),
    activities: createActivities({ store, now: Date.now } as ActivityDependencies), // these ask the store, and nothing else
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
  for (const happening of happenings) await store.engagement.record(tag, { ...happening, id: randomUUID(), at: 1 });
  return run('asksClicked', 'ada', event_id);
}

/** Runs a journey of `test/support/asking-journeys.ts` for somebody, over all its waits, and gives what it returns. */
async function run<Result>(journey: string, user_id: string, event_id: string = randomUUID()): Promise<Result> {
  const signup = { event_id, event_type: 'user.signed_up', user_id, timestamp: 1, payload: {} };
  return timeSkipping(client).execute(journey, { workflowId: event_id, taskQueue: 'library', args: [signup] });
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
    expect(await store.engagement.record(tag, { ...click, id: 'one', at: 5 })).toBe(true);
    expect(await store.engagement.record(tag, { ...click, id: 'one', at: 5 })).toBe(false);
    expect(await store.engagement.record(tag, { ...click, id: 'two', at: 9 })).toBe(true);
    expect(await store.engagement.of(tag)).toEqual({ 'click:human': 2, 'click:human:first': 5 });
  });

  it('is no more than Redis can bear of a link checker in a loop, and the first of another kind still counts', async () => {
    const tag = randomUUID();
    const many = Array.from({ length: 700 }, (_, index) => index);
    for (const id of many) await store.engagement.record(tag, { type: 'open', by: 'machine', id: `${id}`, at: id });
    expect((await store.engagement.of(tag))['open:machine']).toBeLessThan(600);
    await store.engagement.record(tag, { type: 'click', by: 'human', id: 'her', at: 1 });
    expect(await store.engagement.clicked(tag)).toBe(true);
  });
});

describe('two listeners for events of one type', () => {
  it('hear each what it means, and nothing of another run', async () => {
    const ordered = async (...totals: number[]) => {
      const workflowId = randomUUID();
      const skipping = timeSkipping(client);
      const handle = await skipping.start('sortsOrders', { workflowId, taskQueue: 'library' });
      for (const [index, total] of totals.entries()) {
        await handle.signal('order.completed', { event_id: randomUUID(), timestamp: index, payload: { total } });
      }
      return handle.result();
    };
    expect(await Promise.all([ordered(5), ordered(7, 50)])).toEqual([
      { small: 5, large: undefined },
      { small: 7, large: 50 },
    ]);
  });
});

describe('a journey that waits for local time', () => {
  it('goes on at nine on a weekday where she is, and knows her country', async () => {
    await store.contacts.record('ada', { time_zone: 'Asia/Tokyo', country: 'JP', name: 'Ada' }, 1);
    const { at, country } = await run<{ at: number; country: string }>('waitsForAWeekday', 'ada');
    const tokyo = new Intl.DateTimeFormat('en-GB', {
      timeZone: 'Asia/Tokyo',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
    expect(tokyo.format(at)).toMatch(/^(Mon|Tue|Wed|Thu|Fri) 09:00$/);
    expect(at).toBeGreaterThan(Date.now());
    expect(country).toBe('JP');
  });

  it('takes whoever has told no zone to be in UTC', async () => {
    const { at } = await run<{ at: number }>('waitsForAWeekday', 'nobody');
    expect(new Date(at).toISOString()).toMatch(/T09:00:00/);
  });
});

describe('a journey that asks for a group', () => {
  it('hears the same for the same person in every run', async () => {
    const groups = await Promise.all([0, 1, 2].map(() => run('asksGroup', 'ada')));
    expect(new Set(groups).size).toBe(1);
    expect(['mailed', 'holdout']).toContain(groups[0]);
  });
});
