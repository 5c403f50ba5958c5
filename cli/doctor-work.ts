import { isDeepStrictEqual } from 'node:util';

import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

import { journeyQueue, sendQueue } from '../runtime/task-queues.ts';
import { createFeedProgress } from '../store/postgres/feed.ts';
import { createSends } from '../store/postgres/sends.ts';
import type { Postgres } from '../store/postgres/connect.ts';
import { createTemplateVersions } from '../store/postgres/template-versions.ts';
import type { TemplateVersions } from '../store/template-versions.ts';
import type { CompiledTemplate } from '../templates/compiled.ts';
import { builtTemplates } from '../templates/built.ts';
import { gather } from '../templates/compile/gather.ts';
import { templateNames } from '../templates/names.ts';
import { TemplateError } from '../templates/template-error.ts';
import type { Finding } from './doctor-finding.ts';

const { TaskQueueType } = proto.temporal.api.enums.v1;

/** A worker that runs polls each queue at least once in so long, in ms: a poll without an answer ends after a minute. */
const pollsWithinMs = 90_000;

/** Email that waits longer for a worker than this is late, in ms. */
const lateAfterMs = 10_000;

const deadlineMs = 5_000;

/** Whether workers run, keep up, and run what is in the histories. */
export async function lookAtWorkers(client: Client, namespace: string): Promise<Finding[]> {
  const [journeys, sending, stuck] = await client.withDeadline(Date.now() + deadlineMs, () =>
    Promise.all([
      describeQueue(client, namespace, journeyQueue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
      describeQueue(client, namespace, sendQueue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
      countStuck(client),
    ]),
  );
  return [
    judgePollers({ [journeyQueue]: journeys.pollers, [sendQueue]: sending.pollers }),
    judgeBacklog(sending),
    judgeStuck(stuck),
  ];
}

interface Queue {
  /** Processes that have polled a short while ago. */
  pollers: number;
  /** Tasks that no worker has taken. */
  waiting: number;
  /** How long the oldest of them has waited, in ms. */
  oldestMs: number;
}

async function describeQueue(
  client: Client,
  namespace: string,
  name: string,
  taskQueueType: proto.temporal.api.enums.v1.TaskQueueType,
): Promise<Queue> {
  const request = { namespace, taskQueue: { name }, taskQueueType, reportStats: true };
  const { pollers, stats } = await client.workflowService.describeTaskQueue(request);
  const polled = (pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000);
  return {
    pollers: polled.filter((at) => at > Date.now() - pollsWithinMs).length,
    waiting: Number(stats?.approximateBacklogCount ?? 0),
    oldestMs: Number(stats?.approximateBacklogAge?.seconds ?? 0) * 1_000,
  };
}

function judgePollers(pollers: Record<string, number>): Finding {
  const without = Object.keys(pollers).filter((queue) => pollers[queue] === 0);
  if (without.length === 0)
    return { level: 'ok', about: 'workers', says: `polled both queues within the last ${pollsWithinMs / 1_000} s` };
  const says = `No worker has polled ${without.join(' and ')} for ${pollsWithinMs / 1_000} s: journeys stand still and nothing is sent. Start a worker: npm run worker.`;
  return { level: 'warning', about: 'workers', says };
}

export function judgeBacklog({ waiting, oldestMs }: Pick<Queue, 'waiting' | 'oldestMs'>): Finding {
  const about = 'queue';
  if (waiting === 0 || oldestMs < lateAfterMs) return { level: 'ok', about, says: `${sendQueue} has no backlog` };
  const says = `${sendQueue} has a backlog of about ${waiting} emails, the oldest of ${Math.round(oldestMs / 1_000)} s: workers don't keep up. Start more of them.`;
  return { level: 'warning', about, says };
}

/** Undefined where this version of Temporal does not say. */
async function countStuck(client: Client): Promise<number | undefined> {
  try {
    return (await client.workflow.count("ExecutionStatus = 'Running' AND TemporalReportedProblems IS NOT NULL")).count;
  } catch (error) {
    if (isInvalidQuery(error)) return undefined;
    throw error;
  }
}

function isInvalidQuery(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return code === 3 /* invalid argument */ || (cause instanceof Error && isInvalidQuery(cause));
}

export function judgeStuck(runs: number | undefined): Finding {
  const about = 'runs';
  if (runs === undefined) {
    const says =
      'This Temporal has no search attribute TemporalReportedProblems: runs stuck in a failing workflow task cannot be counted. Update it.';
    return { level: 'warning', about, says };
  }
  if (runs === 0) return { level: 'ok', about, says: 'no run is stuck in a failing workflow task' };
  const says = `${runs} ${runs === 1 ? 'run is' : 'runs are'} stuck in a failing workflow task: the code throws, or does not match what the runs did so far. They continue once the code is fixed. Find them in the Temporal UI with: TemporalReportedProblems IS NOT NULL`;
  return { level: 'warning', about, says };
}

/** What the record says about work: whether an ingress runs, emails in doubt, and templates that differ from the files. */
export async function lookAtRecordedWork(postgres: Postgres, templatesDir: string): Promise<Finding[]> {
  const { readUntil } = await createFeedProgress(postgres).since(Date.now());
  const doubtful = await createSends(postgres).inDoubt(mostCounted);
  const versions = createTemplateVersions(postgres, { publish: async () => {}, subscribe: () => ({ close() {} }) });
  return [judgeIngress(readUntil), judgeDoubt(doubtful.length), await judgeTemplates(versions, templatesDir)];
}

const mostCounted = 1_000;

/** Feedback that is processed later than this is worth a look, in ms. */
const behindAfterMs = 5 * 60_000;

function judgeIngress(readUntil: number | undefined): Finding {
  const about = 'ingress';
  if (readUntil === undefined) {
    const says =
      'No ingress is running, or none can read its feedback queue: events, opt-outs and bounces wait. Start one: npm run ingress.';
    return { level: 'warning', about, says };
  }
  const behindMs = Date.now() - readUntil;
  if (behindMs < behindAfterMs)
    return { level: 'ok', about, says: 'ran within the last minutes, and has processed all feedback' };
  const says = `Feedback is ${Math.round(behindMs / 60_000)} minutes behind: bounces and complaints of this time stop no email yet. Start more ingresses.`;
  return { level: 'warning', about, says };
}

function judgeDoubt(emails: number): Finding {
  const about = 'in doubt';
  if (emails === 0) return { level: 'ok', about, says: 'no email is in doubt' };
  const count =
    emails === mostCounted ? `${mostCounted} or more emails are` : emails === 1 ? '1 email is' : `${emails} emails are`;
  const says = `${count} in doubt: the provider's answer was lost. To list and decide them: npx --no rivulet in-doubt list`;
  return { level: 'warning', about, says };
}

/** Pinned templates differ on purpose. */
async function judgeTemplates(versions: TemplateVersions, dir: string): Promise<Finding> {
  const about = 'templates';
  const [live, pinned] = await Promise.all([versions.live(), versions.pinned()]);
  const missing = templateNames.filter((name) => !live.has(name));
  if (missing.length > 0) {
    const says = `${missing.join(', ')}: never published. A worker publishes them at its start, or run: npx --no rivulet templates publish`;
    return { level: 'warning', about, says };
  }
  const followed = templateNames.filter((name) => !pinned.has(name));
  try {
    const same = await Promise.all(
      followed.map(async (name) => isDeepStrictEqual(sourcesIn(dir, name), await sourcesOf(versions, name, live))),
    );
    const differ = followed.filter((_, index) => !same[index]);
    if (differ.length === 0) return { level: 'ok', about, says: 'what is live is what the files say' };
    const says = `${differ.join(', ')}: what is live differs from the files. To compare: npx --no rivulet templates diff ${differ[0]}; to publish: npx --no rivulet templates publish`;
    return { level: 'warning', about, says };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { level: 'warning', about, says: `The files cannot be compared with what is live: ${error.mistakes[0]}` };
  }
}

/** Without compiling them, which the production image cannot do: it has the sources of its build. Throws TemplateError when files are missing or unreadable. */
function sourcesIn(dir: string, name: string): Record<string, string> {
  const built = builtTemplates()?.templates.find((template) => template.name === name);
  if (built) return built.sources;
  const { sources, variants } = gather(dir, name);
  const mistakes = variants.flatMap(({ composed }) => composed.mistakes);
  if (mistakes.length > 0) throw new TemplateError(mistakes);
  return sources;
}

async function sourcesOf(versions: TemplateVersions, name: string, live: Map<string, string>): Promise<unknown> {
  const template = await versions.load(name, live.get(name) ?? '');
  return (template as CompiledTemplate | undefined)?.sources;
}
