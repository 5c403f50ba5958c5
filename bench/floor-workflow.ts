import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

interface Nothing {
  nothing(): Promise<void>;
}

const regular = proxyActivities<Nothing>({ taskQueue: 'floor-activities', startToCloseTimeout: '10s' });
const local = proxyLocalActivities<Nothing>({ startToCloseTimeout: '10s' });

/** The least that an inline email could cost: one local activity that does nothing. */
export async function localFloor(): Promise<void> {
  await local.nothing();
}

/** The least that a queued email could cost: one regular activity, on a queue of its own, that does nothing. */
export async function queueFloor(): Promise<void> {
  await regular.nothing();
}
