import { setTimeout as sleep } from 'node:timers/promises';

import { percentile } from './figures.ts';
import { newOrder, newOrders, newSignUp, type Publishable, publish, publishAll, untilTakenIn } from './orders.ts';
import { forgetCounts, mistakesIn, readStats, untilAccepted } from './provider.ts';
import type { Scenario } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';
import { betweenMs, type Measured, measureUnrelated, unrelated } from './unrelated.ts';

const settleAfter = '12s';
const awayMs = 60_000;

interface Outcome extends Measured {
  /** Emails that are due, those of the unrelated among them. */
  due: number;
}

/** Three kinds of trouble, each once: what they lose, send twice or give up, and how long others wait meanwhile. */
export const trouble: Scenario = (_, interrupted) =>
  onStage(
    {
      programs: ['ses', 'worker', 'ingress', 'otherIngress'],
      sesLatencyMs: 0,
      settleAfter,
      failsOneOf: { StartWorkflowExecution: 2, SignalWithStartWorkflowExecution: 2 },
    },
    interrupted,
    async (stage) => {
      const kinds: [string, (stage: Stage) => Promise<Outcome>][] = [
        ['every second start or signal of Temporal fails', temporalFails],
        [`the provider answers 500 for ${awayMs / 1_000} s`, providerFails],
        ['one of two ingresses is killed', ingressDies],
      ];
      await publishAll(stage, newOrders(100));
      await untilAccepted(stage.urlOf('ses'), 100);
      const rows = [
        ['while', 'emails', 'lost', 'twice', 'dead letters', 'receipt p50, ms', 'max', 'opt-out p50, ms', 'max'],
      ];
      const figures: Record<string, Outcome> = {};
      const mistakes: string[] = [];
      for (const [name, happens] of kinds) {
        console.error(`trouble: ${name}`);
        await forgetCounts(stage.urlOf('ses'));
        const { due, receipts, optOuts } = (figures[name] = await happens(stage));
        await untilTakenIn(stage);
        await untilAccepted(stage.urlOf('ses'), due);
        await sleep(2_000); // a second email to somebody would come by now
        const stats = await readStats(stage.urlOf('ses'));
        const keys = Object.values(stats.byTag);
        const letters = (await stage.stream.manager.streams.info('MARKETING_DLQ')).state.messages;
        const counts = [due, due - keys.length, keys.filter((times) => times > 1).length, letters];
        const delays = [receipts, optOuts].flatMap((ms) => [0.5, 1].map((share) => percentile(ms, share).toFixed(0)));
        rows.push([name, ...counts.map(String), ...delays]);
        mistakes.push(...[...mistakesIn(stats, due), ...missing(receipts, optOuts)].map((text) => `${name}: ${text}`));
        if (letters > 0) mistakes.push(`${name}: ${letters} dead letters`);
      }
      return {
        surroundings: await surroundingsOf(stage),
        tables: [{ title: `${unrelated} receipts and ${unrelated} opt-outs, one of each every ${betweenMs} ms`, rows }],
        notes: [
          'A receipt: from the publishing of the order to the call of the provider. An opt-out: until it is in the record.',
          'While the provider accepts nothing there is no receipt: those are counted from the moment it accepts again.',
        ],
        figures,
        mistakes,
      };
    },
  );

function missing(receipts: readonly number[], optOuts: readonly number[]): string[] {
  return receipts.length + optOuts.length < 2 * unrelated ? ['a receipt or an opt-out is missing'] : [];
}

async function temporalFails(stage: Stage): Promise<Outcome> {
  stage.temporalFront?.fail();
  const [measured] = await Promise.all([measureUnrelated(stage), publishEvery(stage, newOrders(400), 25)]);
  await sleep(10_000); // the ninth second was when events were given up once
  stage.temporalFront?.mend();
  return { ...measured, due: 400 + unrelated };
}

/** 20 orders and 20 sign-ups; the rest of the time passes. */
async function providerFails(stage: Stage): Promise<Outcome> {
  const faults = `${stage.urlOf('ses')}/api/faults`;
  const internalFailure = { type: 'error', name: 'InternalFailure', status: 500, message: 'try again later' };
  await fetch(faults, { method: 'PUT', body: JSON.stringify({ rules: [{ action: internalFailure }] }) });
  const mended = sleep(awayMs)
    .then(() => fetch(faults, { method: 'DELETE' }))
    .then(() => Date.now());
  await publishEvery(
    stage,
    newOrders(20).flatMap((order) => [order, newSignUp()]),
    150,
  );
  const measured = await measureUnrelated(stage, mended);
  return { ...measured, due: 40 + unrelated };
}

/** 700 people sign up with an address and order without one; at the 500th one ingress dies. */
async function ingressDies(stage: Stage): Promise<Outcome> {
  const pairs = Array.from({ length: 700 }, () => {
    const person = newSignUp({ agrees: false });
    const { contact: _, ...payload } = newOrder().payload;
    return [person, { ...newOrder(), user_id: person.user_id, payload }];
  });
  await publishEvery(stage, pairs.slice(0, 500).flat(), 50);
  stage.kill('otherIngress');
  const [measured] = await Promise.all([measureUnrelated(stage), publishEvery(stage, pairs.slice(500).flat(), 50)]);
  return { ...measured, due: 700 + unrelated };
}

async function publishEvery(stage: Stage, events: readonly Publishable[], ms: number): Promise<void> {
  for (const event of events) {
    await publish(stage, event);
    await sleep(ms);
  }
}
