import { Context } from '@temporalio/activity';

/** Before so much of a wait is left Temporal is asked whether the journey still wants this. */
const askBeforeMs = 50;

/**
 * Waits inside an activity; rejects when the journey was cancelled meanwhile. Temporal tells of that in its answer to a
 * heartbeat, so one is sent shortly before a wait of some length ends.
 */
export async function waitInActivity(ms: number): Promise<void> {
  const activity = Context.current();
  if (ms > 2 * askBeforeMs) {
    await activity.sleep(ms - askBeforeMs);
    activity.heartbeat();
    await activity.sleep(askBeforeMs);
  } else if (ms > 0) await activity.sleep(ms);
}
