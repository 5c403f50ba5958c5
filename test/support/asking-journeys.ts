import type { Event } from '../../events/index.ts';
import { clicked } from '../../workflows/lib/clicked.ts';
import { cohort } from '../../workflows/lib/cohort.ts';
import { nextWeekday, sleepUntil } from '../../workflows/lib/local-time.ts';
import { person } from '../../workflows/lib/person.ts';

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
