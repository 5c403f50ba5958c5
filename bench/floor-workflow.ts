import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({
  taskQueue: 'floor-activities',
  startToCloseTimeout: '10s',
});

/** The least that sending a mail through Temporal could cost: one activity, on a queue of its own, that does nothing. */
export async function floor(): Promise<void> {
  await nothing();
}
