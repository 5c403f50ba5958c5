import type { Event } from '../../events/index.ts';
import { cohort } from '../lib/cohort.ts';
import { listenFor } from '../lib/listen-for.ts';
import { daysAfter } from '../lib/local-time.ts';
import { person } from '../lib/person.ts';
import { isUndeliverable, sendEmail, type Undeliverable } from '../lib/send-email.ts';

const mails = [
  [1, 'we-miss-you'],
  [11, 'last-word'],
] as const;

type Result = `${'mailed' | 'holdout'}: ${'returned' | 'gone'}`;

/**
 * Writes twice to somebody who has not been seen for a while, at ten where they are, and ends when they return or after a
 * month. One in ten gets nothing: only against them can be told what the mails achieve.
 */
export async function winBack(lapse: Event<'user.became_inactive'>): Promise<Result | Undeliverable> {
  const back = listenFor('user.returned');
  const ada = await person(lapse);
  const group = cohort(ada, 'win-back', { mailed: 90, holdout: 10 });
  const today = Date.now();

  for (const [day, mail] of mails) {
    if (await back.within(daysAfter(today, day, '10:00'), ada)) return `${group}: returned`;
    if (group === 'holdout') continue;
    const sent = await sendEmail(mail, lapse, { unless: back });
    if (isUndeliverable(sent)) return sent;
  }
  return (await back.within(daysAfter(today, 31, '10:00'), ada)) ? `${group}: returned` : `${group}: gone`;
}
