import type { ApplicationFailure } from '@temporalio/common';

import type { ActivityDependencies } from './dependencies.ts';
import { waitFor } from './failures.ts';
import type { Send, Wait } from './send.ts';

/** Comes back after `atLeastMs`, all that wait together at the rate at which they could be sent. */
export async function park(
  { store }: Pick<ActivityDependencies, 'store'>,
  { class: lane }: Pick<Send, 'class'>,
  atLeastMs: number,
  type: Wait['type'],
  message: string,
): Promise<ApplicationFailure> {
  const ms = await store.slots.park(lane, atLeastMs);
  return waitFor(ms, type, message);
}
