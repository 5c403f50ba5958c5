import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  executeChild,
  patched,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Duration } from '@temporalio/common';

import type { Event } from '../../events/index.ts';
import { clicked } from '../../workflows/lib/clicked.ts';
import { cohort } from '../../workflows/lib/cohort.ts';
import { listenFor } from '../../workflows/lib/listen-for.ts';
import { nextWeekday, sleepUntil } from '../../workflows/lib/local-time.ts';
import { person } from '../../workflows/lib/person.ts';
import { type Outcome, sendEmail } from '../../workflows/lib/send-email.ts';

// Journeys that use one thing of the library each, for tests.

type Signup = Event<'user.signed_up'>;

export async function asksClicked(signup: Signup): Promise<boolean> {
  return clicked('welcome', signup);
}

/** When it goes on, and in which country. */
export async function waitsForAWeekday(signup: Signup): Promise<{ at: number; country: string | undefined }> {
  const ada = await person(signup);
  await sleepUntil(nextWeekday('09:00'), ada);
  return { at: Date.now(), country: ada.country };
}

export async function asksGroup(signup: Signup): Promise<'mailed' | 'holdout'> {
  return cohort(await person(signup), 'win-back-2027', { mailed: 90, holdout: 10 });
}

/** Which of the orders each of two listeners has heard, when nobody has ordered for a day. */
export async function sortsOrders(): Promise<{ small: number | undefined; large: number | undefined }> {
  const small = listenFor('order.completed', ({ payload }) => payload.total < 20);
  const large = listenFor('order.completed', ({ payload }) => payload.total >= 20);
  await sleep('1 day');
  return { small: small.heard?.payload.total, large: large.heard?.payload.total };
}

/** Listens without the library: nobody but itself knows what it took. */
export async function listensByItself(): Promise<'heard'> {
  let heard = false;
  setHandler(defineSignal('project.created'), () => void (heard = true));
  await condition(() => heard);
  return 'heard';
}

/** A wait of the length that its event says, in words. */
export async function waits(signup: Signup): Promise<'waited'> {
  await sleep((signup.payload.plan ?? '0') as Duration);
  return 'waited';
}

export async function awaitsNothing(): Promise<'at once'> {
  return 'at once';
}

export async function neverEnds(): Promise<never> {
  for (;;) await sleep('30 days');
}

/** Asks without end, and no time passes. */
export async function asksForEver(signup: Signup): Promise<never> {
  for (;;) await person(signup);
}

export async function waitsForWhatNeverComes(): Promise<void> {
  await condition(() => false);
}

export async function hasABug(signup: Signup): Promise<number> {
  await sleep('1 day');
  return (signup as unknown as { cart: { total: number } }).cart.total;
}

export async function failsOnPurpose(): Promise<void> {
  await sleep('1 day');
  throw ApplicationFailure.nonRetryable('no such plan', 'UnknownPlan');
}

/** Looks at the real clock, which a replay will see differently. */
export async function looksAtTheClock(): Promise<void> {
  const { now } = workflowInfo().unsafe;
  const begun = now();
  while (now() === begun); // a simulation lives through it again within the same millisecond
  await sleep(1_000_000 + (now() % 1_000_000));
  await sleep('3 days');
}

export async function goesOnInANewRun(signup: Signup, round = 1): Promise<number> {
  if (round === 3) return round;
  await sleep('1 day');
  return continueAsNew<typeof goesOnInANewRun>(signup, round + 1);
}

export async function startsAChild(): Promise<void> {
  await executeChild(awaitsNothing);
}

export async function isPatched(): Promise<'new'> {
  if (patched('longer')) await sleep('2 days');
  await sleep('1 day');
  return 'new';
}

/** The second is no mail: it has the key of the first. The third has its own. */
export async function sendsTwice(signup: Signup): Promise<Outcome[]> {
  return [
    await sendEmail('welcome', signup),
    await sendEmail('welcome', signup),
    await sendEmail('welcome', signup, { key: 'again' }),
  ];
}

/** Gives up a long wait for none at all. */
export async function changesItsMind(): Promise<void> {
  const long = new CancellationScope();
  const waited = long.run(() => sleep('20 years'));
  await sleep('1 day');
  long.cancel();
  await waited.catch(() => undefined);
  await condition(() => false);
}

export async function asksForWhatIsNotThere(): Promise<void> {
  await proxyActivities<{ tellFortune(): Promise<void> }>({ startToCloseTimeout: '1s' }).tellFortune();
}
