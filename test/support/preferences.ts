import { randomUUID } from 'node:crypto';

import { type Pages, topics } from './pages.ts';

export const preferencesOf = ({ links, ada }: Pages) => links.preferences(ada.user_id);

/** The form of the preference centre as a browser sends it when these are ticked. */
export const ticking = (...ticked: string[]): [string, string][] => [
  ...ticked.map((topic): [string, string] => ['topic', topic]),
  ...Object.keys(topics).map((topic): [string, string] => ['shown', topic]),
  ['do', 'save'],
];
/** The same form when the button beside it is pressed, to get nothing any more. */
export const leavingAll: [string, string][] = [['do', 'all']];

/** Ada asks for these topics; gives the link with which she confirms it. */
export async function asks(
  world: Pages,
  topicsAsked: string[],
  id: string = randomUUID(),
  at = Date.now(),
): Promise<string> {
  const consent = {
    topics: topicsAsked,
    source: 'the form at the counter',
    wording: 'Yes, write to me.',
    locale: 'en',
  };
  await world.store.consents.record(world.ada.user_id, { id, state: 'pending', consent, at });
  return world.links.confirm(world.ada.user_id, id, world.store.addressHash(world.ada.email));
}
