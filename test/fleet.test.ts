import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, type NativeConnection } from '@temporalio/worker';
import { afterEach, beforeAll, beforeEach, expect, inject, it, vi } from 'vitest';

import { connectTemporal, provisionTemporal } from '../runtime/temporal.ts';
import { createFleet, type Fleet } from '../worker/fleet.ts';
import { connectWorker } from '../worker/temporal-connection.ts';
import { quietActivities } from './support/quiet-activities.ts';
import { startRelay, type Relay } from './support/relay.ts';

const within = { timeout: 60_000, interval: 20 };
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };

let template: string;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-fleet-'));
  symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'saying.js'), "export async function saying() { return 'body'; }");
  const silent = new DefaultLogger('ERROR');
  ({ code: template } = await bundleWorkflowCode({ workflowsPath: join(folder, 'saying.js'), logger: silent }));
  rmSync(folder, { recursive: true });
});

let relay: Relay;
let client: Client;
let namespace: string;
let stopFleet: (() => Promise<void>) | undefined;
beforeEach(async () => {
  relay = await startRelay(inject('servers').temporal);
  namespace = `fleet-${randomUUID().slice(0, 8)}`;
  const provisioner = await connectTemporal({ address: inject('servers').temporal, namespace }, log);
  await vi.waitFor(() => provisionTemporal(provisioner, namespace, true), within);
  await provisioner.connection.close();
  client = new Client({ connection: await Connection.connect({ address: inject('servers').temporal }), namespace });
  log.warn.mockClear();
  log.error.mockClear();
});
afterEach(async () => {
  await stopFleet?.();
  stopFleet = undefined;
  await client.connection.close();
  relay.close();
});

/** A bundle whose one journey runs `body`. */
const bundle = (body: string) => ({ code: template.replace("'body'", body) });

const connect = () => connectWorker({ address: relay.address, namespace });

async function start(code: { code: string }, connecting: () => Promise<NativeConnection> = connect): Promise<Fleet> {
  const settings = { namespace, activities: quietActivities(), sendConcurrency: 5 };
  const fleet = await createFleet({ settings, bundle: code, connect: connecting, log });
  const running = fleet.run();
  running.catch(() => undefined);
  stopFleet = async () => {
    fleet.stop();
    await running;
  };
  return fleet;
}

const run = () => client.workflow.execute('saying', { workflowId: randomUUID(), taskQueue: 'journeys' });

/** Ends the thread that runs journeys, as one does that has used up all memory. */
const deadly = "TextEncoder.constructor('return process')().exit(3)";

it('journeys run from the bundle that replaced the first one', async () => {
  const fleet = await start(bundle("'old'"));
  expect(await run()).toBe('old');
  await fleet.replaceJourneys(bundle("'new'"));
  expect(await run()).toBe('new');
  expect(log.warn).not.toHaveBeenCalled();
});

it('all workers move to new connections while they run, and need the old ones no more', async () => {
  const another = await startRelay(inject('servers').temporal);
  let through = relay;
  const fleet = await start(bundle("'ran'"), () => connectWorker({ address: through.address, namespace }));
  expect(await run()).toBe('ran');
  through = another;
  await fleet.renewConnections();
  relay.cut();
  expect(await run()).toBe('ran');
  expect(log.warn).not.toHaveBeenCalled();
  await stopFleet?.();
  stopFleet = undefined;
  another.close();
});

it('a bundle that cannot be loaded, or a Temporal that is unavailable, leaves the old worker running', async () => {
  const fleet = await start(bundle("'old'"));
  await expect(fleet.replaceJourneys({ code: `throw new Error('no such module');\n${template}` })).rejects.toThrow(
    'no such module',
  );
  expect(await run()).toBe('old');

  relay.cut();
  await expect(fleet.replaceJourneys(bundle("'new'"))).rejects.toThrow();
  await relay.mend();
  expect(await run()).toBe('old');
});

it('a worker that its new journeys kill is replaced by one of the bundle before, which finishes their runs', async () => {
  const fleet = await start(bundle("'old'"));
  await fleet.replaceJourneys(bundle(deadly));
  expect(await run()).toBe('old');
  expect(log.error.mock.calls.map(([, event]) => event as string)).toEqual(['journeys.reverted']);

  await fleet.replaceJourneys(bundle("'mended'"));
  expect(await run()).toBe('mended');
});

it('a worker that is killed by the journeys it started with fails: there is nothing to go back to', async () => {
  const settings = { namespace, activities: quietActivities(), sendConcurrency: 5 };
  const fleet = await createFleet({ settings, bundle: bundle(deadly), connect, log });
  const handle = await client.workflow.start('saying', { workflowId: randomUUID(), taskQueue: 'journeys' });
  const running = fleet.run();
  const failed = expect(running).rejects.toThrow('Workflow Worker Thread exited');
  await running.catch(() => fleet.stop());
  await failed;
  await handle.terminate();
});

it('waits for a Temporal that goes away after it was connected to', async () => {
  let connections = 0;
  const goesAway = async () => {
    const connection = await connect();
    connections += 1;
    if (connections === 1) relay.drop();
    return connection;
  };
  const starting = start(bundle("'old'"), goesAway);
  await vi.waitFor(
    () =>
      expect(log.warn).toHaveBeenCalledWith(
        expect.objectContaining({ dependency: 'temporal' }),
        'dependency.unavailable',
      ),
    within,
  );
  expect(connections).toBe(1);
  await relay.mend();
  await starting;
  expect(await run()).toBe('old');
});
