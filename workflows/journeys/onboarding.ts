import type { Event } from '../../events/index.ts';
import { listenFor } from '../lib/listen-for.ts';
import { isUndeliverable, sendEmail, type Undeliverable } from '../lib/send-email.ts';

const nudges = [
  ['1 day', 'first-project'],
  ['3 days', 'invite-team'],
] as const;

/** Welcomes a new user, then nudges them until they create a project or a week has passed. */
export async function onboarding(signup: Event<'user.signed_up'>): Promise<'activated' | 'dormant' | Undeliverable> {
  const project = listenFor('project.created');

  const welcomed = await sendEmail('welcome', signup);
  if (isUndeliverable(welcomed)) return welcomed;

  for (const [wait, nudge] of nudges) {
    if (await project.within(wait)) return 'activated';
    await sendEmail(nudge, signup);
  }
  return (await project.within('3 days')) ? 'activated' : 'dormant';
}
