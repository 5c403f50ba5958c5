import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

import { fetchHistory } from '../../runtime/data-converter.ts';

type History = temporal.api.history.v1.IHistory;

export interface RunningRun {
  workflowId: string;
  journey: string;
  history: History;
}

export interface Which {
  /** Only this one. */
  journey?: string | undefined;
  /** At most so many runs; else all of them. */
  limit?: number | undefined;
  /** Called when the limit cuts off some. */
  thereAreMore?: () => void;
}

/** What Rivulet runs for itself: such runs are short, and hold nobody's journey. */
const ofRivulet = ['recipient', 'suppressionSync'];

/** Histories that are fetched ahead: the server has other work to do. */
const atOnce = 10;

/**
 * The running runs with their histories. By what the server has, not by what is routed: people are in journeys that nothing
 * starts any more.
 */
export async function* runningRuns(
  client: Client,
  { journey, limit, thereAreMore }: Which,
): AsyncGenerator<RunningRun> {
  const types =
    journey === undefined ? ofRivulet.map((type) => `WorkflowType != "${type}"`) : [`WorkflowType = "${journey}"`];
  const query = ['ExecutionStatus = "Running"', ...types].join(' AND ');
  const ahead: Promise<RunningRun | undefined>[] = [];
  let seen = 0;
  for await (const { workflowId, runId, type } of client.workflow.list({ query })) {
    if (seen === limit) {
      thereAreMore?.();
      break;
    }
    seen += 1;
    const fetching = fetchRun(client, workflowId, runId, type);
    fetching.catch(() => {}); // thrown when its turn comes
    ahead.push(fetching);
    if (ahead.length === atOnce) yield* ifAny(await ahead.shift());
  }
  for (const fetching of ahead) yield* ifAny(await fetching);
}

/** Undefined for one that has ended since it was listed: it needs no code any more. */
async function fetchRun(client: Client, workflowId: string, runId: string, journey: string) {
  try {
    const history = await fetchHistory(client, workflowId, runId);
    return isOver(history) ? undefined : { workflowId, journey, history };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function isOver({ events }: History): boolean {
  const last = events?.at(-1);
  return !!(
    last?.workflowExecutionCompletedEventAttributes ??
    last?.workflowExecutionFailedEventAttributes ??
    last?.workflowExecutionTimedOutEventAttributes ??
    last?.workflowExecutionCanceledEventAttributes ??
    last?.workflowExecutionTerminatedEventAttributes ??
    last?.workflowExecutionContinuedAsNewEventAttributes
  );
}

function* ifAny(run: RunningRun | undefined): Generator<RunningRun> {
  if (run) yield run;
}
