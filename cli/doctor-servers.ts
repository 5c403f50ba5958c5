import { type JetStreamManager, JetStreamApiError } from '@nats-io/jetstream';

import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { consumerName } from '../ingress/nats.ts';
import { provisionTemporal } from '../runtime/temporal.ts';
import { durabilityWarnings, isReplica } from '../state/durability.ts';
import type { Stops } from '../state/stops.ts';
import { publishingTo, redisFor, temporalFor, withoutPassword } from './connections.ts';
import { type Finding, unlessItFails } from './doctor-finding.ts';
import { howItOpens, when } from './gate.ts';
import { resumeCommand } from './pause.ts';

/** Redis, how durable it is, and what it says about gates and pauses. */
export function lookAtRedis(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const about = 'Redis';
  return unlessItFails(about, async () => {
    const { redis, stops, address, close } = await redisFor(env);
    try {
      const warnings = await durabilityWarnings(redis);
      const level = (await isReplica(redis)) ? 'wrong' : 'warning';
      return [
        { level: 'ok', about, says: `answers at ${address}${warnings.length === 0 ? ', and forgets nothing' : ''}` },
        ...warnings.map((says): Finding => ({ level, about, says })),
        ...(await lookAtStops(stops)),
      ];
    } finally {
      close();
    }
  });
}

async function lookAtStops(stops: Stops): Promise<Finding[]> {
  const [gates, pauses] = await Promise.all([stops.gates(), stops.pauses()]);
  return [
    ...gates.map((gate): Finding => {
      const why = `${gate.scope} is closed since ${when(gate.since)} (${gate.detail})`;
      return { level: 'wrong', about: 'gate', says: `${why}. Opens ${howItOpens(gate)}` };
    }),
    ...pauses.map(({ scope, since }): Finding => {
      const says = `${scope} is paused since ${when(since)}. To end it: ${resumeCommand(scope)}`;
      return { level: 'warning', about: 'pause', says };
    }),
    ...(gates.length + pauses.length === 0
      ? [{ level: 'ok', about: 'gates', says: 'all are open, nothing is paused' } as const]
      : []),
  ];
}

/** The streams, and the consumer that ingresses share. */
export function lookAtNats(
  { NATS_URL }: Environment,
  { name, dlq }: Config['queues']['marketing_events'],
): Promise<Finding[]> {
  const about = 'NATS';
  return unlessItFails(about, async () => {
    const { manager, close } = await publishingTo({ NATS_URL });
    try {
      const jetstream = await manager();
      const events = await lookAtStream(jetstream, name);
      return [
        { level: 'ok', about, says: `answers at ${withoutPassword(NATS_URL)}` },
        events,
        ...(events.level === 'ok' ? [await lookAtConsumer(jetstream, name)] : []),
        await lookAtStream(jetstream, dlq),
      ];
    } finally {
      await close();
    }
  });
}

async function lookAtStream(manager: JetStreamManager, name: string): Promise<Finding> {
  const says = await unlessMissing(async () => `${name} holds ${(await manager.streams.info(name)).state.messages}`);
  return says === undefined ? missing(`There is no stream ${name}.`) : { level: 'ok', about: 'stream', says };
}

async function lookAtConsumer(manager: JetStreamManager, stream: string): Promise<Finding> {
  const info = await unlessMissing(() => manager.consumers.info(stream, consumerName));
  if (info === undefined) return missing(`The stream ${stream} has no consumer "${consumerName}".`);
  const says = `"${consumerName}": ${info.num_pending} events wait, ${info.num_ack_pending} are being taken in`;
  return { level: 'ok', about: 'consumer', says };
}

const missing = (what: string): Finding => ({
  level: 'wrong',
  about: 'stream',
  says: `${what} An ingress makes it at its start, unless it runs with --no-provision.`,
});

/** JetStream's "stream not found" (10059) and "consumer not found" (10014). */
async function unlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof JetStreamApiError && [10059, 10014].includes(error.code)) return undefined;
    throw error;
  }
}

/** The namespace with its retention, and the search attributes. */
export function lookAtTemporal(environment: Environment, maxAgeMs: number): Promise<Finding[]> {
  const { TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: namespace } = environment;
  const about = 'Temporal';
  return unlessItFails(about, async () => {
    const { client, close } = await temporalFor({ TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: namespace });
    try {
      const retentionMs = await client.withDeadline(Date.now() + 10_000, () =>
        provisionTemporal(client, namespace, false),
      );
      const kept = `the namespace "${namespace}" keeps runs for ${days(retentionMs)}`;
      return [
        { level: 'ok', about, says: `answers at ${TEMPORAL_ADDRESS}; the search attributes are there` },
        maxAgeMs < retentionMs
          ? { level: 'ok', about, says: `${kept}, events stay for ${days(maxAgeMs)}` }
          : {
              level: 'wrong',
              about,
              says: `${kept}, but events stay for ${days(maxAgeMs)}: one that outlives its run could mail twice. Raise the retention, or lower queues.marketing_events.max_age.`,
            },
      ];
    } finally {
      await close();
    }
  });
}

const days = (ms: number) => `${Math.round((ms / 86_400_000) * 100) / 100} days`;
