import type { temporal } from '@temporalio/proto';

import type { Activities, SendRequest } from '../activities/index.ts';
import { createAgenda } from './agenda.ts';
import { pastOf } from './past.ts';
import { type Ending, startRun, type World } from './run.ts';
import { sandboxOf } from './sandbox.ts';
import type { Call } from './turn.ts';

/** What a run will do if nothing more happens to its person. */
export type Next = { mail: string; at: number } | { ends: string; at: number } | { unknown: string };

/** As `World` of a simulation has it: far more than a journey needs between two mails. */
const mostSteps = 1_000;

/**
 * Has a recorded run live through its past in these journeys and go on from there, until its next mail or its end. The
 * person is taken to be where and who they were, and to get what they are sent.
 */
export async function whatNext(
  bundle: { code: string },
  workflowId: string,
  events: readonly temporal.api.history.v1.IHistoryEvent[],
): Promise<Next> {
  const past = pastOf(events);
  let now = past.startedAt;
  const found: { next?: Next } = {};
  const { world, learn } = assumedWorld((template) => (found.next ??= { mail: template, at: now }));
  const onlooker = {
    waits: () => {},
    triesAgain: () => {},
    givesUp: () => {},
    ends: (at: number, ending: Ending) => (found.next ??= { ends: told(ending), at }),
  };
  const sandbox = await sandboxOf(bundle, names);
  const agenda = createAgenda();
  const run = await startRun(sandbox, agenda, world, onlooker, {
    journey: past.journey,
    workflowId,
    args: past.args,
    at: past.startedAt,
    relives: past.first,
  });
  try {
    for (const { at, jobs } of past.turns) {
      for (const job of jobs) if (job.kind === 'answered') learn(job.call, job.answer);
      now = Math.max(now, at);
      await run.tell(now, ...jobs);
    }
    run.goOn();
    for (let steps = 0; steps < mostSteps; steps += 1) {
      const item = found.next ? undefined : agenda.next();
      if (!item) break;
      now = Math.max(now, item.at);
      await item.happen();
    }
    return found.next ?? { unknown: 'it waits for what has no date' };
  } finally {
    await run.dispose();
  }
}

const names = [
  'checkConsent',
  'renderEmail',
  'sendEmail',
  'describePerson',
  'wasClicked',
] as const satisfies (keyof Activities)[];

/** Everybody gets what they are sent; what the past has told of a person is still so. */
function assumedWorld(mailed: (template: string) => void) {
  let person: unknown = { zone: [[0, 0]] };
  const world: World = {
    async answer({ type, args }) {
      switch (type as (typeof names)[number]) {
        case 'checkConsent':
          return 'may_send';
        case 'renderEmail':
          return { version: '', subject: '', content: '' };
        case 'sendEmail':
          mailed((args[0] as SendRequest).template);
          return { outcome: 'sent' };
        case 'describePerson':
          return person;
        case 'wasClicked':
          return false;
        default:
          throw new Error(`no journey calls "${type}"`);
      }
    },
  };
  const learn = ({ type }: Call, answer: object) => {
    if (type === 'describePerson' && 'value' in answer) person = answer.value;
  };
  return { world, learn };
}

function told(ending: Ending): string {
  if (ending.how === 'returned') return String(ending.outcome);
  return 'why' in ending ? `${ending.how}: ${ending.why}` : ending.how;
}
