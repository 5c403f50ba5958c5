import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';

import type { JetStream } from '../../runtime/nats-connection.ts';
import { connectPostgres } from '../../store/postgres/connect.ts';
import { createEvents } from '../../store/postgres/events.ts';
import { createSends } from '../../store/postgres/sends.ts';
import { unprocessed } from '../support/unprocessed.ts';
import { account, type Account, readDeadLetters } from './dead-letters.ts';
import { type Outcome, outcomes, waitsForFacts } from './outcome.ts';
import { causesOf, everyone, type Plan } from './plan.ts';
import type { Stage } from './stage.ts';

/** Rivulet's own are no event's: the comparison of suppressions, and what opt-outs go through. */
const ofEvents = 'WorkflowType != "suppressionSync" AND WorkflowType != "recipient"';

export interface Closed {
  /** Runs that had not closed when waiting ended, but for those that wait for a fact. */
  open: string[];
  /** Runs whose email waits for a fact that does not come without a feed: they were terminated. */
  terminated: number;
  runs: number;
  outcomes: Outcome[];
  /** Messages that no ingress had answered when waiting ended. */
  unprocessed: number;
  /** Good events that are not in the record. */
  unrecorded: string[];
  letters: Account;
}

/**
 * Waits until every run has closed and every message is answered. Without a feed no fact comes for those that wait for one: these are
 * terminated. With it one does, twice as long after the attempt as the slowest report took.
 */
export async function allClosed(
  stage: Stage,
  stream: JetStream,
  plan: Plan,
  { feed, closeWithinMs }: { feed: boolean; closeWithinMs: number },
): Promise<Closed> {
  const deadline = Date.now() + closeWithinMs;
  const runs = await runsClosed(stage, plan, feed, deadline);
  let left = await unprocessed(stream);
  for (; left > 0 && Date.now() < deadline; left = await unprocessed(stream)) await sleep(500);
  return {
    ...runs,
    unprocessed: left,
    unrecorded: await unrecorded(stage, plan),
    letters: account(plan.poison, await readDeadLetters(stream)),
  };
}

async function runsClosed(
  stage: Stage,
  plan: Plan,
  feed: boolean,
  deadline: number,
): Promise<Pick<Closed, 'open' | 'runs' | 'terminated' | 'outcomes'>> {
  const { address, namespace } = stage.servers.temporal;
  const connection = await Connection.connect({ address });
  try {
    const { workflow } = new Client({ connection, namespace });
    const caused = causesOf(everyone(plan));
    for (; ; await sleep(500)) {
      const isLast = Date.now() > deadline;
      const { count: runs } = await workflow.count(ofEvents);
      const running = await openRuns(workflow, isLast ? Infinity : mostInDoubt);
      if (!isLast && (runs < caused.length || running.size === mostInDoubt)) continue;
      const found = await readOutcomes(
        stage,
        caused.filter(({ event_id }) => running.has(event_id)),
      );
      const waiting = feed ? [] : found.filter(waitsForFacts).map(({ event_id }) => event_id);
      if (waiting.length < running.size && !isLast) continue;
      for (const id of waiting) {
        running.delete(id);
        await workflow.getHandle(id).terminate('in doubt without a feed');
      }
      return { open: [...running], runs, terminated: waiting.length, outcomes: await readOutcomes(stage, caused) };
    }
  } finally {
    await connection.close();
  }
}

/** While more runs than this are open, it is not worth looking at each. */
const mostInDoubt = 500;

async function openRuns(workflow: Client['workflow'], limit: number): Promise<Set<string>> {
  const open = new Set<string>();
  for await (const { workflowId } of workflow.list({ query: `${ofEvents} AND ExecutionStatus = "Running"` })) {
    if (open.add(workflowId).size >= limit) break;
  }
  return open;
}

async function readOutcomes({ postgresUrl, ses }: Stage, caused: ReturnType<typeof causesOf>): Promise<Outcome[]> {
  const postgres = connectPostgres({ url: postgresUrl });
  try {
    const { byTag } = ses.record.stats();
    return await outcomes(caused, (tag) => byTag[tag] ?? 0, createSends(postgres));
  } finally {
    await postgres.close();
  }
}

async function unrecorded({ postgresUrl }: Stage, plan: Plan): Promise<string[]> {
  const postgres = connectPostgres({ url: postgresUrl });
  try {
    const events = createEvents(postgres);
    const missing: string[] = [];
    for (const { id } of everyone(plan).flatMap(({ messages }) => messages)) {
      if (!(await events.find(id))) missing.push(id);
    }
    return missing;
  } finally {
    await postgres.close();
  }
}
