import type { Event } from '../../events/index.ts';
import { clicked } from '../../workflows/lib/clicked.ts';

/** A journey that asks one thing. */
export async function asksClicked(signup: Event<'user.signed_up'>): Promise<boolean> {
  return clicked('welcome', signup);
}
