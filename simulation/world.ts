import type { Activities } from '../activities/index.ts';
import { describePerson } from '../activities/describe-person.ts';
import { neverAgain } from '../activities/failures.ts';
import { messageKey } from '../state/keys.ts';
import { createMailroom, type MailroomTerms } from './mailroom.ts';
import type { World } from './run.ts';

type Simulated = {
  [Name in keyof Activities]: (at: number, ...args: Parameters<Activities[Name]>) => ReturnType<Activities[Name]>;
};

/** Everything that a journey may ask of the world, by the product's own rules wherever these need no server. */
export function createWorld(terms: MailroomTerms): World & { activities: readonly string[] } {
  const { remembered } = terms;
  const { memory } = remembered;
  const mailroom = createMailroom(terms);
  const activities: Simulated = {
    ...mailroom,
    describePerson: (at, user) => describePerson(memory, user, at),
    wasClicked: async (_, event, template, key) => remembered.clicked.has(messageKey(event, template, key)),
    recallRecipient: notOfJourneys,
    applyFeedback: notOfJourneys,
    syncSuppressions: notOfJourneys,
  };
  return {
    activities: Object.keys(activities),
    async answer({ type, args }, at) {
      if (!Object.hasOwn(activities, type)) {
        throw neverAgain(
          'MissingData',
          `there is no activity "${type}"; there are ${Object.keys(activities).join(', ')}`,
        );
      }
      const activity = activities[type as keyof Activities] as (at: number, ...args: unknown[]) => Promise<unknown>;
      return activity(at, ...args);
    },
  };
}

/** What Rivulet does for itself, beside the journeys. */
async function notOfJourneys(): Promise<never> {
  throw neverAgain('MissingData', 'no journey calls this activity: it belongs to the workflows of Rivulet itself');
}
