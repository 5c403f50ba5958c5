import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import type { ServerUrls } from '../support/global-setup.ts';
import type { Relay } from '../support/relay.ts';
import { type ProductProcess, startSystem, type System } from '../support/system.ts';

const within = { timeout: 60_000, interval: 20 };

let system: System;
let relay: Relay;
beforeAll(async () => {
  system = await startSystem(inject('servers'));
});
afterEach(async () => {
  relay.close();
  await system.stopProcesses();
});
afterAll(() => system.stop());

/** Starts a process that reaches one server through the relay. */
function start(what: string, server: keyof ServerUrls) {
  const database = new URL(system.place.postgres);
  database.host = relay.address;
  const env = {
    nats: { NATS_URL: `nats://${relay.address}` },
    redis: { REDIS_URL: `redis://${relay.address}` },
    postgres: { POSTGRES_URL: database.href },
    temporal: { TEMPORAL_ADDRESS: relay.address },
  }[server];
  let begun: ProductProcess | undefined;
  const starting = what === 'worker' ? system.startWorker : system.startIngress;
  const ready = starting(env, (process) => (begun = process));
  ready.catch(() => undefined); // awaited once the server is back
  return { ready, process: () => begun! };
}

async function unready(process: () => ProductProcess): Promise<Record<string, string>> {
  let dependencies: Record<string, string> = {};
  await expect
    .poll(async () => {
      const reply = await fetch(`${process().url}/readyz`);
      ({ dependencies } = (await reply.json()) as { dependencies: Record<string, string> });
      return reply.status;
    }, within)
    .toBe(503);
  return dependencies;
}

describe('a server that is unavailable when a process starts', () => {
  it.each([
    ['ingress', 'nats'],
    ['ingress', 'redis'],
    ['ingress', 'postgres'],
    ['ingress', 'temporal'],
    ['worker', 'redis'],
    ['worker', 'postgres'],
    ['worker', 'temporal'],
  ] as const)(
    'is waited for: the %s is alive and says that %s is missing, and is ready once it is back',
    async (what, server) => {
      relay = await system.relayTo(server);
      const outage = relay.drop();
      const { ready, process } = start(what, server);
      await expect.poll(outage.dropped, within).toBeGreaterThan(2);
      expect((await fetch(`${process().url}/healthz`)).status).toBe(200);
      expect((await unready(process))[server]).not.toBe('ok');

      await relay.mend();
      expect(await (await ready).stop()).toBe(0);
    },
  );

  it.each(['ingress', 'worker'])('does not keep the %s from stopping', async (what) => {
    relay = await system.relayTo('temporal');
    const outage = relay.drop();
    const { ready, process } = start(what, 'temporal');
    await expect.poll(outage.dropped, within).toBeGreaterThan(0);
    expect(await process().stop()).toBe(0);
    await expect(ready).rejects.toThrow('ended with 0');
  });
});

describe('a server that goes away while a process starts', () => {
  it.each([
    ['ingress', 'nats', 'STREAM.CREATE'],
    ['ingress', 'temporal', 'its namespace'],
    ['worker', 'postgres', 'templates-live'],
    ['worker', 'temporal', 'its namespace'],
  ] as const)('is waited for: %s, %s, at %s', async (what, server, at) => {
    relay = await system.relayTo(server);
    const gone = relay.dropAt(at === 'its namespace' ? system.namespace : at);
    const { ready, process } = start(what, server);
    await gone;
    await expect.poll(() => process().output(), within).toContain('dependency.unavailable');
    expect((await unready(process))[server]).not.toBe('ok');

    await relay.mend();
    expect(await (await ready).stop()).toBe(0);
  });
});
