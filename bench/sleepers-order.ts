import PQueue from 'p-queue';

import type { Event } from '../events/index.ts';
import { messageKey, messageTag } from '../store/message-key.ts';
import { type Displacement, displacement, type Overtaken, overtaken, spread } from './figures.ts';
import { withStore } from './people.ts';
import type { Table } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Who was due so much later, and left before somebody all the same, has overtaken them. */
const marginMs = 1_000;

/** One of those who slept: the event of its journey, and when it was to wake (Unix ms). */
export interface Sleeper {
  signup: Event<'user.signed_up'>;
  wakesAt: number;
}

/** In which order mails left, beside two others: of asking, which leaves out the line before the turn, and of being due. */
export interface Order {
  of: number;
  asked: Displacement & { waitedMs: number };
  due: Overtaken & { medianMs: number; maxMs: number };
}

/** When each of these was due; when it asked, which its journey gives back; and when it left, which the ledger knows by Redis's clock. */
export async function orderOf(stage: Stage, sleepers: readonly Sleeper[]): Promise<Order> {
  const queue = new PQueue({ concurrency: 50 });
  const mails = await withStore(stage, ({ sends }) =>
    queue.addAll(
      sleepers.map(({ signup: { event_id }, wakesAt: dueAt }) => async () => {
        const askedAt = (await stage.client.workflow.getHandle(event_id).result()) as number;
        const record = await sends.read(messageTag(messageKey(event_id, 'first-project')));
        if (!record) throw new Error(`The ledger has no mail first-project of ${event_id}.`);
        return { dueAt, askedAt, leftAt: record.dispatchedAt };
      }),
    ),
  );
  const waitedMs = Math.max(...mails.map(({ askedAt, leftAt }) => leftAt - askedAt));
  const { median: medianMs, max: maxMs } = spread(mails.map(({ dueAt, leftAt }) => leftAt - dueAt));
  return {
    of: mails.length,
    asked: { ...displacement(mails), waitedMs },
    due: { ...overtaken(mails, marginMs), medianMs, maxMs },
  };
}

export function orderTables({ of, asked, due }: Order, count: number): Table[] {
  const some = `in ${of} of ${count}`;
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  return [
    {
      title: `The order in which mails left beside the order in which they asked, which each did in its turn, ${some}`,
      rows: [
        ['', 'most'],
        ['places away from its own', String(asked.places)],
        ['ms behind one that asked later', asked.overtakenBy.toFixed(0)],
        ['waited from asking to leaving, s', seconds(asked.waitedMs)],
      ],
    },
    {
      title: `The same beside the order in which they were due to wake, the line before the turn included, ${some}`,
      rows: [
        ['', 'found'],
        [`left behind one that was due over ${marginMs / 1_000} s later: mails`, String(due.mails)],
        ['  places, of those so much later who left before it', String(due.places)],
        ['  s behind the first of them', seconds(due.ms)],
        ['from due to left, s: median', seconds(due.medianMs)],
        ['  most', seconds(due.maxMs)],
      ],
    },
  ];
}
