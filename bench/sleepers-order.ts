import PQueue from 'p-queue';

import type { Event } from '../events/index.ts';
import { messageKey, messageTag } from '../state/keys.ts';
import { type Displacement, displacement } from './figures.ts';
import { withMemory } from './people.ts';
import type { Stage } from './stage.ts';

/** When each of these asked, which its journey gives back, and when it left, which the ledger knows by Redis's clock. */
export async function orderOf(
  stage: Stage,
  signups: readonly Event[],
): Promise<Displacement & { of: number; waitedMs: number }> {
  const queue = new PQueue({ concurrency: 50 });
  const mails = await withMemory(stage, ({ sends }) =>
    queue.addAll(
      signups.map(({ event_id }) => async () => {
        const askedAt = (await stage.client.workflow.getHandle(event_id).result()) as number;
        const record = await sends.read(messageTag(messageKey(event_id, 'first-project')));
        if (!record) throw new Error(`The ledger has no mail first-project of ${event_id}.`);
        return { askedAt, leftAt: record.dispatchedAt };
      }),
    ),
  );
  const waitedMs = Math.max(...mails.map(({ askedAt, leftAt }) => leftAt - askedAt));
  return { ...displacement(mails), of: mails.length, waitedMs };
}
