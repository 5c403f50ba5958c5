import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

import type { Event } from '../events/index.ts';
import type { Memory } from '../state/memory.ts';
import type { RunningJourney } from '../state/running.ts';
import { isListenedFor, type Route } from './routes.ts';

const userId = defineSearchAttributeKey('UserId', SearchAttributeType.KEYWORD);
const eventType = defineSearchAttributeKey('EventType', SearchAttributeType.KEYWORD);

/** Temporal's priorities, 1 before 5. Activities have that of their run. */
const priorities = { transactional: 1, marketing: 4 };

/** A start or a signal that takes longer than this is given up and tried again. */
const deadlineMs = 8_000;

/** Somebody with more entries than this has runs that ended without anybody noticing. */
const fewEntries = 16;

/** An index entry younger than this may belong to a run that is being started this moment. */
const startingMs = 10 * 60_000;

/**
 * Starts the journey of an event, once: the event's id is the workflow id, and Temporal refuses it a second time, also
 * when the first run has ended. Gives back whether this call started it.
 */
export async function startJourney(
  client: Client,
  memory: Pick<Memory, 'running' | 'heard'>,
  route: Route,
  event: Event,
): Promise<boolean> {
  const { listensFor = [], topic, transactional } = route;
  if (listensFor.length > 0 || !transactional) {
    const entries = await memory.running.register(event.user_id, {
      workflowId: event.event_id,
      journey: route.starts,
      listensFor,
      ...(topic !== undefined && { topic }),
      ...(transactional && { transactional }),
      since: event.timestamp,
      registeredAt: Date.now(),
    });
    if (entries > fewEntries) await forgetEnded(client, memory, event.user_id);
  }
  const started = await start(client, route, event);
  // Whoever came in meanwhile and found no run to tell left the event here.
  for (const heard of await memory.heard.of(event.user_id, listensFor, event.timestamp)) {
    await signal(client, event.event_id, heard);
  }
  return started;
}

/** A run takes itself off no index when it ends: that would cost every run an activity. Now and then ingress looks. */
async function forgetEnded(client: Client, memory: Pick<Memory, 'running'>, userId: string): Promise<void> {
  for (const { workflowId } of (await memory.running.of(userId)).filter(mayHaveEnded)) {
    if ((await statusOf(client, workflowId)) !== 'RUNNING') await memory.running.forget(userId, workflowId);
  }
}

/** Whether a run goes on. One that nobody knows may be one that is being started, when somebody began to at `since`, Unix ms. */
export async function isRunning(client: Client, workflowId: string, since: number): Promise<boolean> {
  const status = await statusOf(client, workflowId);
  return status === undefined ? !mayHaveEnded({ registeredAt: since }) : status === 'RUNNING';
}

/** Undefined when there is no such run. */
async function statusOf(client: Client, workflowId: string): Promise<string | undefined> {
  try {
    return (await withDeadline(client, () => client.workflow.getHandle(workflowId).describe())).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function start(client: Client, route: Route, event: Event): Promise<boolean> {
  try {
    await withDeadline(client, () =>
      client.workflow.start(route.starts, {
        workflowId: event.event_id,
        taskQueue: 'journeys',
        args: [event],
        priority: { priorityKey: route.transactional ? priorities.transactional : priorities.marketing },
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        typedSearchAttributes: [
          { key: userId, value: event.user_id },
          { key: eventType, value: event.event_type },
        ],
        staticSummary: `${route.starts} for ${event.user_id}`,
        staticDetails: `Started by \`${event.event_type}\` of ${new Date(event.timestamp).toISOString()}.`,
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/**
 * Brings an event to the running journeys of its person that listen for it. Gives back how many were told. A run that
 * turns out to be gone is taken off the index.
 */
export async function tellListeners(
  client: Client,
  memory: Pick<Memory, 'running' | 'heard'>,
  event: Event,
): Promise<number> {
  if (!isListenedFor(event.event_type)) return 0;
  await memory.heard.record(event);
  const running = await memory.running.of(event.user_id);
  const listening = running.filter(
    ({ listensFor, since }) => listensFor.includes(event.event_type) && since <= event.timestamp,
  );
  let told = 0;
  for (const journey of listening) {
    if (await signal(client, journey.workflowId, event)) told += 1;
    else if (mayHaveEnded(journey)) await memory.running.forget(event.user_id, journey.workflowId);
  }
  return told;
}

/** Old enough that a run of which nothing is known is not one that is being started. */
function mayHaveEnded({ registeredAt }: Pick<RunningJourney, 'registeredAt'>): boolean {
  return Date.now() - registeredAt > startingMs;
}

/** False when there is no such run any more. */
async function signal(client: Client, workflowId: string, event: Event): Promise<boolean> {
  try {
    await withDeadline(client, () => client.workflow.getHandle(workflowId).signal(event.event_type, event));
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function withDeadline<T>(client: Client, call: () => Promise<T>): Promise<T> {
  return client.withDeadline(Date.now() + deadlineMs, call);
}
