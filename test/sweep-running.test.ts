import { randomUUID } from 'node:crypto';

import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';

import { isRunning } from '../ingress/start-journey.ts';
import { forgetEnded, sweepOnce } from '../ingress/sweep-running.ts';
import { createRunningJourneys } from '../store/memory/running.ts';

const hour = 3_600_000;
let client: Client;

beforeAll(async () => {
  client = new Client({ connection: await Connection.connect({ address: inject('servers').temporal }) });
});
afterAll(() => client.connection.close());

/** A run that no worker has; it goes on until it is ended. */
async function startRun(): Promise<string> {
  const workflowId = randomUUID();
  await client.workflow.start('nothing', { workflowId, taskQueue: `nobody-${workflowId}`, args: [] });
  return workflowId;
}

it('entries whose runs have ended, or are not known, are removed after a day; those of running ones stay', async () => {
  const [going, ended, unknown] = [await startRun(), await startRun(), randomUUID()];
  let now = Date.now();
  const running = createRunningJourneys(() => now);
  for (const workflowId of [going, ended, unknown]) {
    await running.register('ada', { workflowId, journey: 'onboarding', listensFor: [], since: 1, registeredAt: 1 });
  }
  await client.workflow.getHandle(ended).terminate();
  const runs = (id: string, since: number) => isRunning(client, id, since);
  const sweep = () => sweepOnce({ client, running, isRunning: runs, log: { debug() {} } });

  expect(await sweep()).toBe(0);
  now += 21 * hour;
  expect(await sweep()).toBe(3);
  expect((await running.of('ada')).map(({ workflowId }) => workflowId)).toEqual([going]);
  expect(await sweep()).toBe(0);

  await client.workflow.getHandle(going).terminate();
  now += 21 * hour;
  await expect
    .poll(
      async () => {
        await sweep();
        now += 21 * hour;
        return (await running.of('ada')).length;
      },
      { timeout: 10_000 },
    )
    .toBe(0);
});

it('entries leave within seconds of the end of their runs; those of running and of reset ones stay', async () => {
  const namespaced = new Client({ connection: client.connection, namespace: 'rivulet' });
  const ada = `ada_${randomUUID()}`;
  const start = async () => {
    const workflowId = randomUUID();
    const typedSearchAttributes = [
      { key: defineSearchAttributeKey('UserId', SearchAttributeType.KEYWORD), value: ada },
    ];
    await namespaced.workflow.start('nothing', {
      workflowId,
      taskQueue: `nobody-${ada}`,
      args: [],
      typedSearchAttributes,
    });
    return workflowId;
  };
  const running = createRunningJourneys();
  const [going, ended, reset] = [await start(), await start(), await start()];
  for (const workflowId of [going, ended, reset]) {
    await running.register(ada, { workflowId, journey: 'onboarding', listensFor: [], since: 1, registeredAt: 1 });
  }
  const began = Date.now() - 60_000;
  const runs = (id: string, since: number) => isRunning(namespaced, id, since);
  const follow = () =>
    forgetEnded({ client: namespaced, running, isRunning: runs, log: { debug() {} } }, began, Date.now() + 60_000);
  const left = async () => (await running.of(ada)).map(({ workflowId }) => workflowId);

  await follow();
  expect(await left()).toEqual([going, ended, reset]);
  await namespaced.workflow.getHandle(ended).terminate();
  // As a reset does: the run is terminated, and another one has its id.
  await namespaced.workflow.getHandle(reset).terminate();
  await namespaced.workflow.start('nothing', { workflowId: reset, taskQueue: `nobody-${ada}`, args: [] });
  await vi.waitFor(
    async () => {
      await follow();
      expect(await left()).toEqual([going, reset]);
    },
    { timeout: 20_000, interval: 200 },
  );
  expect(await follow()).toBe(0);
  for (const workflowId of [going, reset]) await namespaced.workflow.getHandle(workflowId).terminate();
});
