import type { temporal } from '@temporalio/proto';

import type { Activities, SendRequest } from '../activities/index.ts';
import { createAgenda } from './agenda.ts';
import { type Past, pastOf } from './past.ts';
import { type Ending, type Environment, startRun } from './run.ts';
import { sandboxOf } from './sandbox.ts';
import type { Call } from './turn.ts';
import { NotSimulated } from './wrong.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/**
 * What a run will do if nothing more happens to its person. `stuck`: it continues into code with a bug, which Temporal would retry
 * indefinitely.
 */
export type Next =
  | { mail: string; at: number }
  | { ends: string; at: number }
  | { stuck: string }
  | { unknown: string };

/** Far more than a journey needs between two emails. */
const mostSteps = 1_000;

/**
 * Replays a recorded run with these journeys and continues it, until its next email or its end. The person is assumed to be
 * unchanged, and to get every email.
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
  const { environment, learn } = assumedEnvironment({
    mailed: (template) => (found.next ??= { mail: template, at: now }),
    askedInVain: (activity) =>
      (found.next ??= { unknown: `it asks for "${activity}", which only a worker can answer` }),
  });
  const observer = {
    waits: () => {},
    triesAgain: () => {},
    givesUp: () => {},
    ends: (at: number, ending: Ending) => (found.next ??= nextOf(at, ending)),
  };
  const agenda = createAgenda();
  const run = await startRun(await sandboxOf(bundle, environment.names), agenda, environment, observer, {
    journey: past.journey,
    workflowId,
    args: past.args,
    at: past.startedAt,
    ...(past.first && { replays: past.first }),
  });
  async function replay({ at, jobs }: Past['tasks'][number]): Promise<void> {
    for (const job of jobs) if (job.kind === 'answered') learn(job.call, job.answer);
    now = Math.max(now, at);
    await run.deliver(now, jobs);
  }

  try {
    for (const task of past.tasks) await replay(task);
    // Whether the code is compatible is for a replay to say; here it only leads to where the run is now.
    if (past.first && run.ended()) return { unknown: 'its past cannot be lived through without a server' };
    run.endReplay();
    if (past.pending) await replay(past.pending);
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

/** Every email is sent; what the past says about a person still holds. */
function assumedEnvironment(observer: { mailed: (template: string) => void; askedInVain: (activity: string) => void }) {
  let person: unknown = { zone: [[0, 0]] };
  const inVain = (activity: string) => () => observer.askedInVain(activity);
  const sent = (request: unknown) => {
    observer.mailed((request as SendRequest).template);
    return { outcome: 'sent' };
  };
  const answers: Record<keyof Activities, (...args: unknown[]) => unknown> = {
    checkConsent: () => 'may_send',
    sendEmail: sent,
    sendEmailInline: sent,
    describePerson: () => person,
    wasClicked: () => false,
    recallRecipient: inVain('recallRecipient'),
    applyFeedback: inVain('applyFeedback'),
    syncSuppressions: inVain('syncSuppressions'),
  };
  const environment: Environment = {
    names: Object.keys(answers),
    async answer({ type, args }) {
      return Object.hasOwn(answers, type) ? answers[type as keyof Activities](...args) : observer.askedInVain(type);
    },
  };
  const learn = ({ type }: Call, answer: object) => {
    if (type === 'describePerson' && 'value' in answer) person = answer.value;
  };
  return { environment, learn };
}

function nextOf(at: number, ending: Ending): Next {
  return ending.how === 'stuck' ? { stuck: ending.why } : { ends: textOf(ending), at };
}

function textOf(ending: Ending): string {
  if (ending.how === 'returned') return String(ending.outcome);
  return 'why' in ending ? `${ending.how}: ${ending.why}` : ending.how;
}
