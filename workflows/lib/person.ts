import type { PersonFacts } from '../../activities/index.ts';
import type { Event } from '../../events/index.ts';
import { light } from './light.ts';

/** Somebody, as a journey may know them: nothing that says who they are. */
export interface Person extends PersonFacts {
  /** The producer's id of them. */
  id: string;
}

/**
 * What is known now of the person of an event: their time zone, language, country and plan. Ask anew after a wait of months, and
 * you know of a move.
 *
 *     const ada = await person(signup);
 *     await sleepUntil('09:00', ada);
 *     if (ada.country === 'DE') await sendEmail('welcome', signup);
 */
export async function person({ user_id: id }: Pick<Event, 'user_id'>): Promise<Person> {
  return { id, ...(await light('describePerson', `who is ${id}?`, id)) };
}
