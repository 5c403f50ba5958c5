import { createHash } from 'node:crypto';

import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

import { eventConsumers, type LaneConsumer, laneOfMoved, movedConsumer, retryConsumers } from './consumers.ts';

export interface ConsumerSettings {
  events: string;
  /** The stream of messages that failed, and of those whose lane is known from their body alone. */
  retries: string;
  /** Unacknowledged messages of one lane that all ingresses together may hold. */
  maxAckPending: number;
}

/** A message that waits among the retries is delivered and requeued until it is due, so it counts as unacknowledged all the time. */
const retriesPending = 50_000;

/**
 * Creates the consumers, or brings their filters up to date.
 *
 * When the routes have changed, a subject moves from one consumer to another that stands elsewhere in the stream: what is between
 * the two would be delivered by neither, or by both. A consumer of its own delivers it, from where the first one stood, and is
 * deleted once it has delivered all (`endMoved`). What comes twice is recognised by its event id.
 */
export async function provisionConsumers(
  manager: JetStreamManager,
  settings: ConsumerSettings,
  wanted: readonly LaneConsumer[] = eventConsumers(),
): Promise<void> {
  const { events } = settings;
  const found = await Promise.all(wanted.map(async ({ name }) => infoOf(manager, events, name)));
  const before = wanted.map((consumer, index) => ({ ...consumer, info: found[index] }));
  for (const { consumer, from } of movesBetween(before)) {
    // One that exists is of the same move, begun by another ingress or before: it started no later than this one would.
    await manager.consumers.add(events, { ...configOf(consumer, settings), ...from }).catch(unlessItExists);
  }
  // First those that get subjects: while a subject has two consumers, nothing is lost.
  const gains = ({ subjects, info }: Standing) => subjects.some((subject) => !filtersOf(info).includes(subject));
  for (const consumer of [...before.filter(gains), ...before.filter((each) => !gains(each))]) {
    await ensureConsumer(manager, events, configOf(consumer, settings));
  }
  for (const consumer of retryConsumers) await ensureConsumer(manager, settings.retries, configOf(consumer, settings));
}

interface Standing extends LaneConsumer {
  /** Absent: there is no such consumer yet. A new one starts at the beginning of the stream, so it misses nothing. */
  info: ConsumerInfo | undefined;
}

interface Move {
  consumer: LaneConsumer;
  from: Pick<ConsumerConfig, 'deliver_policy' | 'opt_start_seq'>;
}

function movesBetween(consumers: readonly Standing[]): Move[] {
  const lanes = consumers.filter(({ kind }) => kind === 'lane');
  const rest = consumers.find(({ kind }) => kind === 'unlisted');
  if (!rest) return [];
  const subjects = new Set(lanes.flatMap(({ subjects, info }) => [...subjects, ...filtersOf(info)]));
  const moves = new Map<string, { from: Standing; to: Standing; subjects: string[] }>();
  for (const subject of subjects) {
    const from = lanes.find(({ info }) => filtersOf(info).includes(subject)) ?? rest;
    const to = lanes.find(({ subjects }) => subjects.includes(subject)) ?? rest;
    if (from.name === to.name || to.info === undefined) continue;
    const key = `${from.name} ${to.name}`;
    const move = moves.get(key) ?? { from, to, subjects: [] };
    move.subjects.push(subject);
    moves.set(key, move);
  }
  return [...moves].map(([key, { from, to, subjects }]) => {
    const id = createHash('sha256')
      .update([key, ...subjects.toSorted()].join(' '))
      .digest('hex')
      .slice(0, 8);
    const start = (from.info?.ack_floor.stream_seq ?? 0) + 1;
    return {
      consumer: movedConsumer(to.lane, id, subjects),
      from: { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start },
    };
  });
}

function filtersOf(info: ConsumerInfo | undefined): readonly string[] {
  const { filter_subjects: several, filter_subject: one } = info?.config ?? {};
  return several ?? (one === undefined ? [] : [one]);
}

/**
 * No limit of deliveries: after one JetStream would keep the message but never deliver it again. What is given up is decided by
 * the ingress, by failures, and written to the dead letters.
 */
function configOf(
  { name, stream, subjects }: LaneConsumer,
  { maxAckPending }: ConsumerSettings,
): Partial<ConsumerConfig> & { durable_name: string } {
  return {
    durable_name: name,
    filter_subjects: [...subjects],
    ack_policy: AckPolicy.Explicit,
    // What an ingress held when it died waits so long, an opt-out too; one that lives says every few seconds that it works.
    ack_wait: nanos(10_000),
    max_ack_pending: stream === 'retries' ? retriesPending : maxAckPending,
    max_deliver: -1,
    max_waiting: 512,
  };
}

async function ensureConsumer(
  manager: JetStreamManager,
  stream: string,
  config: Partial<ConsumerConfig> & { durable_name: string },
): Promise<void> {
  try {
    await manager.consumers.add(stream, config);
  } catch (error) {
    unlessItExists(error);
    await manager.consumers.update(stream, config.durable_name, config);
  }
}

/** JetStream's "consumer already exists": 10148, 10013 before 2.10, and 10105 for another configuration. */
function unlessItExists(error: unknown): void {
  if (!(error instanceof JetStreamApiError) || ![10_148, 10_013, 10_105].includes(error.code)) throw error;
}

/** Undefined when there is no such consumer. */
async function infoOf(manager: JetStreamManager, stream: string, name: string): Promise<ConsumerInfo | undefined> {
  try {
    return await manager.consumers.info(stream, name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === 10_014) return undefined;
    throw error;
  }
}

/** Consumers of moves that have not ended. */
export async function movedConsumers(manager: JetStreamManager, events: string): Promise<LaneConsumer[]> {
  const found: LaneConsumer[] = [];
  for await (const info of manager.consumers.list(events)) {
    const lane = laneOfMoved(info.name);
    const id = info.name.split('-').at(-1) ?? '';
    if (lane !== undefined) found.push(movedConsumer(lane, id, filtersOf(info)));
  }
  return found;
}

/**
 * Deletes the consumer of a move once all that it has to deliver is processed and the lane's own consumer has its subjects. Returns
 * whether it is gone. In this order: what is published between the two answers is delivered by the lane's consumer.
 */
export async function endMoved(
  manager: JetStreamManager,
  events: string,
  moved: LaneConsumer,
  wanted: readonly LaneConsumer[] = eventConsumers(),
): Promise<boolean> {
  const owner = wanted.find(({ lane }) => lane === moved.lane);
  const owned = owner && filtersOf(await infoOf(manager, events, owner.name));
  const delivers = (subject: string) => moved.lane === 'unlisted' || (owned ?? []).includes(subject);
  const info = await infoOf(manager, events, moved.name);
  if (info === undefined) return true;
  if (!moved.subjects.every(delivers) || info.num_pending + info.num_ack_pending > 0) return false;
  await manager.consumers.delete(events, moved.name);
  return true;
}
