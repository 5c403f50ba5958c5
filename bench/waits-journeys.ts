import { makeContinueAsNewFunc, proxyActivities, sleep } from '@temporalio/workflow';

import type { Activities } from '../activities/index.ts';

const mail = proxyActivities<Activities>({ taskQueue: 'email-send', startToCloseTimeout: '20s' });

const waits = 4;

/** Four waits with a mail after each, in one run. */
export async function oneRun(): Promise<void> {
  for (let step = 0; step < waits; step++) {
    await sleep('1 second');
    await mail.sendEmail({} as never);
  }
}

/** The same, where each wait ends the run and the next run begins when it is over. */
export async function runByRun(step = 0): Promise<void> {
  if (step > 0) await mail.sendEmail({} as never);
  if (step === waits) return;
  await makeContinueAsNewFunc<typeof runByRun>({ backoffStartInterval: '1 second' })(step + 1);
}
