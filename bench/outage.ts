import { setTimeout as sleep } from 'node:timers/promises';

import { newOrder, newSignUp, publish } from './orders.ts';
import { acceptedAt, forgetCounts, mistakesIn, readStats } from './provider.ts';
import type { Scenario } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';
import { startTlsFront } from './tls-front.ts';

/** What an account that has just left the sandbox may send. */
const perSecond = 14;

/** For so long after the outage emails may still come, in ms: the provider is tried every minute, and held emails ask every half. */
const patienceMs = 15 * 60_000;

/** On so many new connections TLS fails. */
const tlsShare = 1 / 2;

/** A third each of the requests that come through: no answer, a reset connection, 500. Nothing is accepted. */
const trouble = {
  rules: [
    { probability: 1 / 3, seed: 1, action: { type: 'stall', ms: 60_000, accept: false } },
    { probability: 1 / 2, seed: 2, action: { type: 'reset-before-accept' } },
    { action: { type: 'error', name: 'InternalFailure', status: 500, message: 'try again later' } },
  ],
};

/** A provider that is away for long: what is lost, what is sent twice, what is asked of it meanwhile, and how soon all is sent afterwards. */
export const outage: Scenario = async ({ emails, minutes }, interrupted) => {
  const tls = await startTlsFront();
  return onStage(
    { programs: ['ses', 'worker', 'ingress'], rateLimit: perSecond, durable: true, tls },
    interrupted,
    async (stage) => {
      const ses = stage.urlOf('ses');
      for (let healthy = 0; healthy < 20; healthy++) await publish(stage, newOrder());
      while ((await readStats(ses)).accepted < 20) await sleep(250);
      await forgetCounts(ses);

      console.error(`outage: ${minutes} minutes, ${emails} events in them`);
      await fetch(`${ses}/api/faults`, { method: 'PUT', body: JSON.stringify(trouble) });
      tls.fail(tlsShare);
      const { asked, busiestMinute } = await publishDuring(stage, emails, minutes);
      const { accepted: early } = await readStats(ses);
      await fetch(`${ses}/api/faults`, { method: 'DELETE' });
      tls.fail(0);

      const mendedAt = Date.now();
      while ((await readStats(ses)).accepted < emails && Date.now() - mendedAt < patienceMs) await sleep(500);
      await sleep(30_000); // a second email to somebody would come by now
      const stats = await readStats(ses);
      const times = [...(await acceptedAt(ses)).values()].toSorted((one, other) => one - other);
      const seconds = (at: number | undefined) => ((at ?? Date.now()) - mendedAt) / 1_000;
      const waiting = await deadLetters(stage);
      const figures = {
        asked,
        tlsFailures: tls.failures(),
        busiestMinute,
        accepted: stats.accepted,
        deadLetters: waiting,
        first: seconds(times[0]),
        last: seconds(times.at(-1)),
      };
      const rows = [
        [
          'events in it',
          'requests in it',
          'TLS failures',
          'most in a minute',
          'emails',
          'dead letters',
          'first after, s',
          'last after, s',
        ],
        [
          emails,
          asked,
          tls.failures(),
          busiestMinute,
          stats.accepted,
          waiting,
          figures.first.toFixed(1),
          figures.last.toFixed(1),
        ].map(String),
      ];
      return {
        surroundings: await surroundingsOf(stage),
        tables: [{ title: `A provider away for ${minutes} minutes, at a limit of ${perSecond} a second`, rows }],
        notes: ['Requests: SendEmail alone. After: since the first request would have been accepted.'],
        figures,
        mistakes: [
          ...mistakesIn(stats, emails),
          ...(early === 0 ? [] : [`${early} emails were accepted during the outage`]),
          ...(waiting === 0 ? [] : [`${waiting} dead letters`]),
        ],
      };
    },
  ).finally(tls.close);
};

/** Half are receipts, half welcomes. Returns how many SendEmail requests the provider got, and the most in any minute. */
async function publishDuring(stage: Stage, emails: number, minutes: number) {
  const from = Date.now();
  const until = from + minutes * 60_000;
  const requests: number[] = [0];
  let published = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    const due = Math.round((emails * minute) / minutes);
    for (; published < due; published++) await publish(stage, published % 2 === 0 ? newOrder() : newSignUp());
    await sleep(Math.max(0, Math.min(until, from + minute * 60_000) - Date.now()));
    const { requests: counted } = await readStats(stage.urlOf('ses'));
    requests.push(counted['SendEmail'] ?? 0);
  }
  const perMinute = requests.map((count, index) => count - (requests[index - 1] ?? 0));
  return { asked: requests.at(-1) ?? 0, busiestMinute: Math.max(...perMinute) };
}

async function deadLetters({ stream }: Stage): Promise<number> {
  return (await stream.manager.streams.info('MARKETING_DLQ')).state.messages;
}
