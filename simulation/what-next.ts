import type { temporal } from '@temporalio/proto';

import type { Activities, SendRequest } from '../activities/index.ts';
import { createAgenda } from './agenda.ts';
import { type Past, pastOf } from './past.ts';
import { type Ending, startRun, type World } from './run.ts';
import { sandboxOf } from './sandbox.ts';
import type { Call } from './turn.ts';
import { NotSimulated } from './wrong.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/**
 * What a run will do if nothing more happens to its person. `stuck`: it goes on into code that is wrong, which Temporal
 * would try again and again.
 */
export type Next =
  | { mail: string; at: number }
  | { ends: string; at: number }
  | { stuck: string }
  | { unknown: string };

/** As `World` of a simulation has it: far more than a journey needs between two mails. */
const mostSteps = 1_000;

/**
 * Has a recorded run live through its past in these journeys and go on from there, until its next mail or its end. The
 * person is taken to be where and who they were, and to get what they are sent.
 */
export async function whatNext(
  bundle: { code: string },
  workflowId: string,
  events: readonly HistoryEvent[],
): Promise<Next> {
  try {
    return await liveOn(bundle, workflowId, pastOf(events));
  } catch (error) {
    if (error instanceof NotSimulated) return { unknown: error.message };
    throw error;
  }
}

async function liveOn(bundle: { code: string }, workflowId: string, past: Past): Promise<Next> {
  let now = past.startedAt;
  const found: { next?: Next } = {};
  const { world, learn, names } = assumedWorld({
    mailed: (template) => (found.next ??= { mail: template, at: now }),
    askedInVain: (activity) =>
      (found.next ??= { unknown: `it asks for "${activity}", which only a worker can answer` }),
  });
  const onlooker = {
    waits: () => {},
    triesAgain: () => {},
    givesUp: () => {},
    ends: (at: number, ending: Ending) => (found.next ??= nextOf(at, ending)),
  };
  const agenda = createAgenda();
  const run = await startRun(await sandboxOf(bundle, names), agenda, world, onlooker, {
    journey: past.journey,
    workflowId,
    args: past.args,
    at: past.startedAt,
    ...(past.first && { relives: past.first }),
  });
  async function tell({ at, jobs, buildId }: Past['turns'][number]): Promise<void> {
    for (const job of jobs) if (job.kind === 'answered') learn(job.call, job.answer);
    now = Math.max(now, at);
    await run.tell(now, jobs, buildId);
  }

  try {
    for (const turn of past.turns) await tell(turn);
    // Whether it can live through that is for a replay to say; here it only leads to where the run stands.
    if (past.first && run.ended()) return { unknown: 'its past cannot be lived through without a server' };
    run.goOn();
    if (past.pending) await tell(past.pending);
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

/** Everybody gets what they are sent; what the past has told of a person is still so. */
function assumedWorld(tell: { mailed: (template: string) => void; askedInVain: (activity: string) => void }) {
  let person: unknown = { zone: [[0, 0]] };
  const inVain = (activity: string) => () => tell.askedInVain(activity);
  const sent = (request: unknown) => {
    tell.mailed((request as SendRequest).template);
    return { outcome: 'sent' };
  };
  const answers: Record<keyof Activities, (...args: unknown[]) => unknown> = {
    checkConsent: () => 'may_send',
    renderEmail: () => ({ version: '', subject: '', content: '' }),
    sendEmail: sent,
    sendEmailNow: sent,
    describePerson: () => person,
    wasClicked: () => false,
    recallRecipient: inVain('recallRecipient'),
    applyFeedback: inVain('applyFeedback'),
    syncSuppressions: inVain('syncSuppressions'),
  };
  const world: World = {
    async answer({ type, args }) {
      return Object.hasOwn(answers, type) ? answers[type as keyof Activities](...args) : tell.askedInVain(type);
    },
  };
  const learn = ({ type }: Call, answer: object) => {
    if (type === 'describePerson' && 'value' in answer) person = answer.value;
  };
  return { world, learn, names: Object.keys(answers) };
}

function nextOf(at: number, ending: Ending): Next {
  return ending.how === 'stuck' ? { stuck: ending.why } : { ends: told(ending), at };
}

function told(ending: Ending): string {
  if (ending.how === 'returned') return String(ending.outcome);
  return 'why' in ending ? `${ending.how}: ${ending.why}` : ending.how;
}
