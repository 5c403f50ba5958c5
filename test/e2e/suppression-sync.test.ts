import { ScheduleNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import type { SyncReport } from '../../activities/index.ts';
import { configSchema } from '../../config/schema.ts';
import { scheduleSuppressionSync } from '../../worker/schedules.ts';
import { person } from '../support/events.ts';
import { startSystem, type System } from '../support/system.ts';

const hour = 3_600_000;
const quiet = { info() {}, error() {} };
let system: System;
const schedule = () => system.client.schedule.getHandle('suppression-sync');

beforeAll(async () => {
  system = await startSystem(inject('servers'));
});
afterAll(() => system.stop());

it('two workers that start at once make one schedule, and its first run compares the lists', async () => {
  const ada = person('ada');
  system.ses.suppressionList.put(ada.email, 'BOUNCE');
  await Promise.all([system.startWorker(), system.startWorker()]);

  const { spec, policies, info, action } = await schedule().describe();
  expect(spec.intervals).toMatchObject([{ every: 24 * hour }]);
  expect([policies.overlap, action.taskQueue]).toEqual(['SKIP', 'journeys']);
  await expect.poll(async () => (await schedule().describe()).info.numActionsTaken).toBe(1);
  const [run] = (await schedule().describe()).info.recentActions;
  const report = (await system.client.workflow
    .getHandle(String(run?.action.workflow.workflowId))
    .result()) as SyncReport;
  expect(report).toMatchObject({ listed: 1, added: 1 });
  expect(info.runningActions.length).toBeLessThan(2);
  const { addressHash, suppressions } = system.store;
  expect(await suppressions.of(addressHash(ada.email))).toMatchObject([{ source: 'provider' }]);
});

it('another interval in the configuration changes the schedule, and a pause of it stays', async () => {
  const config = configSchema.parse({ suppression: { sync_interval: '1h' } }) as never;
  await schedule().pause('an operator looks at it');
  await scheduleSuppressionSync(system.client, config, quiet);
  const { spec, state, info } = await schedule().describe();
  expect(spec.intervals).toMatchObject([{ every: hour }]);
  expect(state).toMatchObject({ paused: true, note: 'an operator looks at it' });
  expect(info.numActionsTaken).toBe(1);
});

it('a provider without a list gets no schedule, and one that is there stays as it is', async () => {
  const config = configSchema.parse({ provider: { type: 'smtp' }, suppression: { sync_interval: '2h' } }) as never;
  await scheduleSuppressionSync(system.client, config, quiet);
  expect((await schedule().describe()).spec.intervals).toMatchObject([{ every: hour }]);
  await schedule().delete();
  await scheduleSuppressionSync(system.client, config, quiet);
  await expect(schedule().describe()).rejects.toThrow(ScheduleNotFoundError);
});
