import PQueue from 'p-queue';

import { type Actions, actionsIn, activitiesIn } from './actions.ts';
import { sample } from './figures.ts';
import type { Stage } from './stage.ts';

/** Of a round's runs, spread evenly over it, so many are looked at. */
export const looked = 50;

/** What the runs of one round have in their histories: a number for each that was looked at. */
export interface Histories {
  events: number[];
  actions: Actions[];
  /** How many of them did not send in the turn: their mail went on by the activity `sendEmail`. */
  onTheQueue: number;
}

/** Reads the histories of some of these runs. Not all are alike: a turn that came late, or a mail that had to wait, has more. */
export async function readHistories({ client }: Stage, runs: readonly string[]): Promise<Histories> {
  const queue = new PQueue({ concurrency: 10 });
  const histories = await queue.addAll(
    sample(runs, looked).map((run) => async () => (await client.workflow.getHandle(run).fetchHistory()).events ?? []),
  );
  return {
    events: histories.map((history) => history.length),
    actions: histories.map(actionsIn),
    onTheQueue: histories.filter((history) => activitiesIn(history).includes('sendEmail')).length,
  };
}
