import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import type { JsMsg } from '@nats-io/jetstream';

import type { Logger } from '../runtime/log.ts';
import type { JetStream } from '../runtime/nats-connection.ts';
import { answer, type AnswerDependencies, type Delivery, type Outcome } from './answer.ts';
import { type Arrival, arrivalOf, arrivalOfRetry } from './arrival.ts';
import { consume, type Work } from './consume.ts';
import { eventConsumers, isRetrySubject, type LaneConsumer, retryConsumers } from './consumers.ts';
import { inOrder, type InOrder } from './in-order.ts';
import type { Lane } from './lanes.ts';
import type { IngressMetrics } from './metrics.ts';
import { provisionNats, type StreamSettings } from './nats.ts';
import { endMoved, movedConsumers } from './provision-consumers.ts';
import { isListed, sort } from './sort.ts';
import { readMessage, type TakeInDependencies } from './take-in.ts';

export interface RunLanesDependencies extends TakeInDependencies, Omit<AnswerDependencies, 'store'> {
  stream: JetStream;
  settings: StreamSettings;
  /** Messages of one lane processed at the same time. */
  prefetch: number;
  /** Whether streams and consumers may be created again when an operator has deleted them. */
  provision: boolean;
  metrics: IngressMetrics;
  /** A message of this consumer was answered for good. */
  onProcessed(consumer: string): void;
  log: Logger;
  stop: AbortSignal;
}

/** Of the places of an urgent lane, how many the others have: Temporal and Postgres serve all lanes, and what bulk has under way is what a receipt waits for there. */
const bulkShare = 0.25;

/** Of the places of a lane, how many its retries have: a message that fails may fail again. */
const retryShare = 0.25;

/** In a lane. Each retry has a wait of its own that grows, and those that succeed are not kept waiting by those that do not. */
const setbacksInARow = 10;

/** How many events of one person wait for an earlier one in this process, and of all people; further ones wait among the retries. */
const waiting = { ofOnePerson: 50, inAll: 200 };

/** How often consumers of moves are looked for, and how often one is asked whether it has delivered everything, in ms. */
const movedEveryMs = 10_000;
const movedCheckMs = 1_000;

/** Processes the messages of every lane until it is stopped. Ends when all that are held have been answered. */
export async function runLanes(deps: RunLanesDependencies): Promise<void> {
  const { stop } = deps;
  setMaxListeners(0, stop); // each consumer listens, and each of its waits
  // A sign-up that brings an address comes before the order that needs it, whatever their lanes. An opt-out waits for nothing.
  const people = { inTurn: inOrder(waiting), optOuts: inOrder(waiting) };
  await Promise.all([
    ...[...eventConsumers(), ...retryConsumers].map((consumer) => run(deps, consumer, people, stop)),
    runAllMoved(deps, people),
  ]);
}

interface People {
  inTurn: InOrder;
  optOuts: InOrder;
}

function run(deps: RunLanesDependencies, consumer: LaneConsumer, people: People, stop: AbortSignal): Promise<void> {
  const { stream, settings, prefetch, probe, metrics, log } = deps;
  return consume({
    stream,
    streamName: settings[consumer.stream],
    consumer: consumer.name,
    places: placesOf(consumer, prefetch),
    setbacksInARow: consumer.stream === 'retries' ? Infinity : setbacksInARow,
    inOrder: consumer.lane === 'opt-outs' ? people.optOuts : people.inTurn,
    read: (message) => workOf(deps, consumer, message),
    probe,
    provisionAgain: () => provisionAgain(deps),
    onProcessed: () => deps.onProcessed(consumer.name),
    onPause: () => metrics.pauses.inc({ lane: consumer.lane }),
    log,
    stop,
  });
}

function placesOf({ lane, stream }: LaneConsumer, prefetch: number): number {
  const isBulk = lane === 'marketing' || lane === 'feedback' || lane === 'unlisted';
  return Math.ceil(prefetch * (isBulk ? bulkShare : 1) * (stream === 'retries' ? retryShare : 1));
}

/** What a change of routes has left between two lanes. An ingress with other routes may begin one at any time. */
async function runAllMoved(deps: RunLanesDependencies, people: People): Promise<void> {
  const { stream, settings, stop, log } = deps;
  const running = new Map<string, Promise<void>>();
  while (!stop.aborted) {
    const moved = await movedConsumers(stream.manager, settings.events).catch((error: unknown) => {
      log.debug({ err: error }, 'moved_consumers.unknown');
      return [];
    });
    for (const consumer of moved) {
      if (running.has(consumer.name)) continue;
      const one = runMoved(deps, consumer, people).finally(() => running.delete(consumer.name));
      running.set(consumer.name, one);
    }
    await sleep(movedEveryMs, undefined, { signal: stop }).catch(() => undefined);
  }
  await Promise.all(running.values());
}

/** Until everything that it delivers is processed, by this ingress or another one. */
async function runMoved(deps: RunLanesDependencies, consumer: LaneConsumer, people: People): Promise<void> {
  const ended = new AbortController();
  const running = run(deps, consumer, people, AbortSignal.any([deps.stop, ended.signal]));
  while (!deps.stop.aborted && !ended.signal.aborted) {
    await sleep(movedCheckMs, undefined, { signal: deps.stop }).catch(() => undefined);
    const over = await endMoved(deps.stream.manager, deps.settings.events, consumer).catch(() => false);
    if (over) ended.abort();
  }
  await running;
}

async function provisionAgain({ provision, stream, settings, log }: RunLanesDependencies): Promise<void> {
  if (!provision) return;
  try {
    await provisionNats(stream, settings);
  } catch (error) {
    log.warn({ err: error }, 'nats.provisioning_failed');
  }
}

function workOf(deps: RunLanesDependencies, consumer: LaneConsumer, message: JsMsg): Work | undefined {
  if (consumer.kind === 'unlisted' && isListed(message.subject)) return undefined;
  const delivery = deliveryOf(message);
  const arrival = consumer.stream === 'retries' ? arrivalOfRetry(message) : arrivalOf(message);
  if (arrival === undefined || isRetrySubject(arrival.subject)) {
    return foreign(deps, arrival ?? arrivalOf(message), delivery);
  }
  if (consumer.kind === 'lane') return laneWork(deps, consumer.lane as Lane, arrival, delivery, consumer.stream);

  const where = sort(arrival);
  // Too large to be carried there, or nothing but a dead letter: here, in the lane that waits the longest.
  if (where === 'here' || !deps.retries.fits(arrival)) return laneWork(deps, 'feedback', arrival, delivery, 'events');
  return always(() =>
    answer(deps, where, arrival, delivery, async () => {
      await deps.retries.move(where, arrival);
      return { kind: 'processed' };
    }),
  );
}

function laneWork(
  deps: RunLanesDependencies,
  lane: Lane,
  arrival: Arrival,
  delivery: Delivery,
  at: LaneConsumer['stream'],
): Work {
  const { person, process } = readMessage(deps, arrival);
  return {
    dueAt: arrival.dueAt,
    ...(person !== undefined && { person }),
    process: () => answer(deps, lane, arrival, delivery, process),
    setAside: () => setAside(deps, lane, arrival, delivery, at),
  };
}

/**
 * Too many events of this person wait already. Among the unacknowledged of its lane it would keep other people out, and many such
 * would stop the lane; among the retries it occupies nothing. The more of them there are, the longer each waits.
 */
async function setAside(
  deps: RunLanesDependencies,
  lane: Lane,
  arrival: Arrival,
  delivery: Delivery,
  at: LaneConsumer['stream'],
): Promise<Outcome> {
  const waitMs = Math.round(Math.min(20_000, 1_000 * 2 ** (delivery.deliveries - 1)) * (0.5 + Math.random()));
  if (at === 'retries' || !deps.retries.fits(arrival)) {
    delivery.requeue(waitMs);
    return 'waiting';
  }
  deps.metrics.retries.inc({ lane, reason: 'person_busy' });
  return answer(deps, lane, arrival, delivery, async () => {
    await deps.retries.move(lane, { ...arrival, dueAt: Date.now() + waitMs });
    return { kind: 'processed' };
  });
}

/** A message among the retries that came there by itself. It stays what it is when its letter could not be written at once, and it waits for that. */
function foreign(deps: RunLanesDependencies, arrival: Arrival, delivery: Delivery): Work {
  const error = 'not published by an ingress: its Rivulet-Retry-* headers are missing or unreadable';
  const refuse = async () => ({ kind: 'refused', reason: 'not_processable', error }) as const;
  return always(() => answer(deps, 'feedback', arrival, delivery, refuse));
}

function always(process: () => Promise<Outcome>): Work {
  return { process, setAside: process };
}

function deliveryOf(message: JsMsg): Delivery {
  return {
    deliveries: message.info.deliveryCount,
    ack: () => message.ackAck(),
    term: (reason) => message.term(reason),
    requeue: (delayMs) => message.nak(Math.round(delayMs)),
  };
}
