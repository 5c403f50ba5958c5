import type { Event } from '../events/index.ts';
import { listenFor } from '../workflows/lib/listen-for.ts';
import { sendEmail } from '../workflows/lib/send-email.ts';

// The product's own workflows too: its worker runs this bundle, and ingress tells the recipients of what comes back.
export * from '../workflows/index.ts';

/** A drip as `onboarding` is one, as long as is wanted: the first mail at once, each further one two days after the one before. */
export async function drip(signup: Event<'user.signed_up'>, mails: number): Promise<'activated' | 'dormant'> {
  const project = listenFor('project.created');
  await sendEmail('welcome', signup);
  for (let mail = 1; mail < mails; mail++) {
    if (await project.within('2 days')) return 'activated';
    await sendEmail('first-project', signup, { key: String(mail) });
  }
  return 'dormant';
}

/** Sleeps until `wakesAt` (Unix ms), unless a project comes, and then sends a mail. Gives back when it asked for it. */
export async function sleeper(signup: Event<'user.signed_up'>, wakesAt: number): Promise<number> {
  const project = listenFor('project.created');
  await project.within(Math.max(1, wakesAt - Date.now()));
  const askedAt = Date.now();
  await sendEmail('first-project', signup);
  return askedAt;
}
