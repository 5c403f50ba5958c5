import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { Event } from '../events/index.ts';
import { routes } from '../ingress/routes.ts';
import { listenersOf, startJourney, type Told, tellListeners } from '../ingress/start-journey.ts';
import { findServers } from '../local/servers/find.ts';
import { choosePorts } from '../local/servers/ports.ts';
import { type Server, serverProcess } from '../local/servers/server-process.ts';
import { temporal } from '../local/servers/temporal.ts';
import type { Logger } from '../runtime/log.ts';
import { createEvents } from '../store/postgres/events.ts';
import { createRunningJourneys } from '../store/postgres/running.ts';
import { ownDatabase } from './support/database.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const root = fileURLToPath(new URL('..', import.meta.url));
const database = ownDatabase(20);
const hour = 3_600_000;

/** Temporal's own limit is 10,000. */
const mostSignals = 20;

let folder: string;
let server: Server;
let client: Client;
/** Calls to Temporal since a test asked. */
let calls: string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-busy-'));
  const { temporal: binary } = await findServers({ root, names: ['temporal'] });
  const wishes = { port: undefined, uiPort: undefined, httpPort: undefined, metricsPort: undefined };
  const ports = await choosePorts(wishes, 'free');
  const dynamicConfig = { 'history.maximumSignalsPerExecution': String(mostSignals) };
  mkdirSync(join(folder, 'temporal'));
  server = serverProcess(temporal({ binary, dataDir: folder, durable: false, dynamicConfig, ...ports }), () => {});
  await server.start();
  const count = (name: string) => (input: unknown, next: (input: never) => unknown) => {
    calls.push(name);
    return next(input as never);
  };
  client = new Client({
    connection: await Connection.connect({ address: `127.0.0.1:${ports.port}` }),
    namespace: 'rivulet',
    interceptors: {
      workflow: [{ start: count('start'), signal: count('signal'), describe: count('describe') } as never],
    },
  });
});
afterAll(async () => {
  await client.connection.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function stores() {
  return { running: createRunningJourneys(database.postgres), events: createEvents(database.postgres) };
}

function event(type: string, user: string, payload: object = {}): Event {
  const [id, now] = [randomUUID(), Date.now()];
  return { event_id: id, event_type: type, user_id: user, timestamp: now, payload } as unknown as Event;
}

const order = (user: string) => event('order.completed', user, { order_id: randomUUID(), total: 1, currency: 'EUR' });

/** A run that no worker has; it goes on until it is ended. */
async function startRun(): Promise<string> {
  const workflowId = randomUUID();
  await client.workflow.start('nothing', { workflowId, taskQueue: `nobody-${workflowId}`, args: [] });
  return workflowId;
}

/** As ingress does it, one go after another. Returns how many running journeys were signalled. */
async function tellAll(store: ReturnType<typeof stores>, event: Event, log: Pick<Logger, 'warn'>): Promise<number> {
  const listeners = await listenersOf(store, event);
  let all = 0;
  for (let from: number | undefined = 0; from !== undefined;) {
    const { told, continueFrom }: Told = await tellListeners({ client, store, log }, event, listeners, from);
    all += told;
    from = continueFrom;
  }
  return all;
}

const running = (workflowId: string, listensFor: string[], registeredAt = Date.now() - hour) => ({
  workflowId,
  journey: 'cart-recovery',
  listensFor,
  since: registeredAt,
  registeredAt,
});

describe('a journey with as many signals as Temporal accepts', () => {
  it('does without further ones, with a log line each, and holds up no journey of its person', async () => {
    const [store, user, log] = [stores(), `ada_${randomUUID()}`, { warn: vi.fn() }];
    const full = await startRun();
    await store.running.register(user, running(full, ['order.completed']));
    let told = 0;
    for (let number = 1; number <= mostSignals + 6; number += 1) {
      const bought = order(user);
      told += await tellAll(store, bought, log);
      expect(await startJourney(client, store, routes['order.completed']!, bought)).toBe(true);
    }
    expect(told).toBe(mostSignals);
    expect(
      log.warn.mock.calls.map(([fields, name]) => [(fields as { workflow_id: string }).workflow_id, name]),
    ).toEqual(Array.from({ length: 6 }, () => [full, 'signal.refused']));
    // It goes on running, and an opt-out must still find it.
    expect((await store.running.of(user)).map(({ workflowId }) => workflowId)).toEqual([full]);
  });
});

describe('a person with 5,000 running journeys', () => {
  it('costs an event of theirs no more calls than runs listen for it, and a start one', async () => {
    const [store, user, log] = [stores(), `guest_${randomUUID()}`, { warn: vi.fn() }];
    const text = `INSERT INTO running_journey (user_id, workflow_id, journey, listens_for, transactional, since, registered_at)
      SELECT $1, 'cart-' || number, 'cart-recovery', ARRAY['order.completed'], false, $2, $2 FROM generate_series(1, 5000) AS number`;
    await database.postgres.query({ name: '', text }, [user, new Date(Date.now() - hour)]);
    const listening = [await startRun(), await startRun(), await startRun()];
    for (const workflowId of listening) await store.running.register(user, running(workflowId, ['user.returned']));

    calls = [];
    expect(await tellAll(store, event('user.returned', user), log)).toBe(3);
    expect(calls).toEqual(['signal', 'signal', 'signal']);

    calls = [];
    expect(await startJourney(client, store, routes['cart.abandoned']!, event('cart.abandoned', user))).toBe(true);
    expect(calls).toEqual(['start']);

    calls = [];
    const began = performance.now();
    expect(await tellAll(store, order(user), log)).toBe(1);
    process.stdout.write(`5,000 listeners that have ended: ${Math.round(performance.now() - began)} ms\n`);
    expect(calls).toHaveLength(5_001);
    expect(await store.running.of(user)).toHaveLength(4);
    expect(log.warn).not.toHaveBeenCalled();
  });
});
