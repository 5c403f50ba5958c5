import type { Event } from '../../events/index.ts';
import { listenFor } from '../lib/listen-for.ts';
import { at, daysBefore, isPast } from '../lib/local-time.ts';
import { person } from '../lib/person.ts';
import { isUndeliverable, sendEmail, type Undeliverable } from '../lib/send-email.ts';

const reminders = [
  [3, 'trial-ends-soon'],
  [1, 'trial-ends-tomorrow'],
] as const;

/** Reminds somebody three days and one day before their trial ends, at nine where they are; anew whenever it is extended. */
export async function trialEnding(started: Event<'trial.started'>): Promise<'ended' | Undeliverable> {
  const extension = listenFor('trial.extended');

  for (let trial: Event<'trial.started' | 'trial.extended'> = started; ; trial = extension.take() ?? trial) {
    const ada = await person(trial);
    const { trial_ends_at } = trial.payload;

    for (const [days, mail] of reminders) {
      const morning = daysBefore(trial_ends_at, days, '09:00');
      if (isPast(morning, ada)) continue; // a short trial, or one that was cut short
      if (await extension.within(morning, ada)) break;
      const sent = await sendEmail(mail, trial, { unless: extension });
      if (isUndeliverable(sent)) return sent;
    }
    if (!(await extension.within(at(trial_ends_at), ada))) return 'ended';
  }
}
