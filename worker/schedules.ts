import { setTimeout as sleep } from 'node:timers/promises';

import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';

import type { Config } from '../config/schema.ts';
import type { Logger } from '../runtime/log.ts';
import { journeyQueue } from '../runtime/task-queues.ts';
import { unavailableCode } from '../runtime/unavailable.ts';

const scheduleId = 'suppression-sync';

const patienceMs = 20_000;

/**
 * Sees to it that the suppressions are compared with the provider's list and with their mirror in Redis: at once the first
 * time, and then every `suppression.sync_interval`. Mail leaves without it too, so a Temporal that refuses it keeps no worker from working.
 */
export async function scheduleSuppressionSync(
  client: Pick<Client, 'schedule'>,
  { provider, suppression }: Pick<Config, 'provider' | 'suppression'>,
  log: Pick<Logger, 'info' | 'error'>,
): Promise<void> {
  if (provider.type === 'smtp' && suppression.storage === 'postgres') return; // neither a list nor a mirror
  for (const deadline = Date.now() + patienceMs; ; await sleep(500)) {
    try {
      const did = await ensure(client, suppression.sync_interval);
      if (did) log.info({ schedule: scheduleId, every_ms: suppression.sync_interval }, did);
      return;
    } catch (error) {
      if (unavailableCode(error) !== undefined && Date.now() < deadline) continue; // a namespace made this instant is not known everywhere
      log.error({ schedule: scheduleId, err: error }, 'the comparison of suppressions cannot be scheduled');
      return;
    }
  }
}

/** Two workers that start at once meet here: one makes the schedule, the other finds it. */
async function ensure({ schedule }: Pick<Client, 'schedule'>, every: number): Promise<string | undefined> {
  const wanted = {
    spec: { intervals: [{ every }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'suppressionSync',
      workflowId: scheduleId,
      taskQueue: journeyQueue,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP },
  };
  try {
    await schedule.create({ ...wanted, scheduleId, state: { triggerImmediately: true } });
    return 'schedule made';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const handle = schedule.getHandle(scheduleId);
  const { spec, action } = await handle.describe();
  const isSo = spec.intervals?.length === 1 && spec.intervals[0]?.every === every && action.taskQueue === journeyQueue;
  if (isSo) return undefined;
  // An operator's pause stays.
  await handle.update(({ state }) => ({ ...wanted, state }));
  return 'schedule changed';
}
