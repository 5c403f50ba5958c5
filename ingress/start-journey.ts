import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import PQueue from 'p-queue';

import type { Event } from '../events/index.ts';
import type { Logger } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';
import type { RunningJourney } from '../store/running.ts';
import { isListenedFor, type Route } from './routes.ts';

const userId = defineSearchAttributeKey('UserId', SearchAttributeType.KEYWORD);
const eventType = defineSearchAttributeKey('EventType', SearchAttributeType.KEYWORD);

/** Temporal's priorities, 1 before 5. Activities have that of their run. */
const priorities = { transactional: 1, marketing: 4 };

/** A start or a signal that takes longer than this is given up and tried again. */
const deadlineMs = 8_000;

/**
 * Producers' clocks differ: an order may be stamped before the cart that it buys. An event that is older than a journey by no more
 * than this is told to it, ms; whether it is meant, the journey's own condition on the payload decides.
 */
const clocksDifferMs = 5 * 60_000;

/** An index entry younger than this may belong to a run that is being started this moment. */
const startingMs = 10 * 60_000;

/**
 * Starts the journey of an event, once: the event's id is the workflow id, and Temporal refuses it a second time, also
 * when the first run has ended. Gives back whether this call started it.
 */
export async function startJourney(
  client: Client,
  store: Pick<Store, 'running' | 'events'>,
  route: Route,
  event: Event,
): Promise<boolean> {
  const { listensFor = [], topic, transactional } = route;
  if (listensFor.length > 0 || !transactional) {
    await store.running.register(event.user_id, {
      workflowId: event.event_id,
      journey: route.starts,
      listensFor,
      ...(topic !== undefined && { topic }),
      ...(transactional && { transactional }),
      since: event.timestamp,
      registeredAt: Date.now(),
    });
  }
  const started = await start(client, route, event);
  // An event that was processed meanwhile found no run to tell; it is recorded.
  for (const heard of await store.events.heard(event.user_id, listensFor, event.timestamp - clocksDifferMs)) {
    await signal(client, event.event_id, heard);
  }
  return started;
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

/** Signals under way for one event at the same time. */
const signalsAtOnce = 10;

/** Signals for one event before others get its place: a test account may have thousands of running journeys. */
const signalsInOneGo = 200;

/** The running journeys of an event's person that listen for it, in the order in which they were registered. */
export async function listenersOf(store: Pick<Store, 'running'>, event: Event): Promise<RunningJourney[]> {
  if (!isListenedFor(event.event_type)) return [];
  return store.running.listening(event.user_id, event.event_type, event.timestamp + clocksDifferMs);
}

export interface Told {
  /** How many running journeys the event was signalled to. */
  told: number;
  /** Those that are still to be signalled were registered then or later, Unix ms. Absent when none is. */
  continueFrom?: number;
}

/**
 * Signals an event to running journeys that listen for it, from those on that were registered at `from` (Unix ms). A run that has
 * ended is taken off the index; one that accepts no more signals is left out, with a log line. When a signal fails otherwise,
 * the others are sent all the same, and then the first error is thrown: a signal may be repeated.
 */
export async function tellListeners(
  deps: { client: Client; store: Pick<Store, 'running'>; log: Pick<Logger, 'warn'> },
  event: Event,
  listeners: readonly RunningJourney[],
  from = 0,
): Promise<Told> {
  const { client, store, log } = deps;
  const left = listeners.filter(({ registeredAt }) => registeredAt >= from);
  const last = left[signalsInOneGo - 1]?.registeredAt ?? Infinity;
  const now = left.filter(({ registeredAt }) => registeredAt <= last);
  const errors: unknown[] = [];
  let told = 0;
  const tell = async (journey: RunningJourney) => {
    try {
      if (await signal(client, journey.workflowId, event)) told += 1;
      else if (mayHaveEnded(journey)) await store.running.forget(event.user_id, journey.workflowId);
    } catch (error) {
      const { event_id, event_type } = event;
      if (isRefused(error)) {
        log.warn({ event_id, event_type, workflow_id: journey.workflowId, err: error }, 'signal.refused');
      } else errors.push(error);
    }
  };
  await new PQueue({ concurrency: signalsAtOnce }).addAll(now.map((journey) => () => tell(journey)));
  if (errors.length > 0) throw errors[0];
  return now.length < left.length ? { told, continueFrom: last + 1 } : { told };
}

/** gRPC INVALID_ARGUMENT: the run has had as many signals as the server allows. */
function isRefused(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ((at as { code?: unknown }).code === 3) return true;
  }
  return false;
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
