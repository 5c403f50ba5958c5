import { limits } from './limits.ts';
import type { Estimate } from './model.ts';
import { listEndsAtActions } from './price.ts';
import { inBytes, inPercent, inWords } from './quantity.ts';

/** Returns what has to be changed before this load works, the nearest limit first. */
export function warningsAbout({ postgres, redis, ingresses, temporal, cloud }: Estimate): string[] {
  const all: [boolean, string][] = [
    [
      postgres.databases > 1,
      `Postgres: ${inBytes(postgres.bytes)} and ${inWords(postgres.cores)} cores are more than one primary (${inBytes(limits.postgresBytes)}, ${limits.postgresCores} cores). Keep data for less long, or distribute people over ${inWords(postgres.databases)} databases.`,
    ],
    [
      postgres.connections > limits.postgresConnections,
      `Postgres: up to ${inWords(postgres.connections)} connections. Put PgBouncer in transaction mode in front of it.`,
    ],
    [
      redis.busyShare > limits.busyShare,
      `Redis: a primary runs commands on one core, which would be ${inPercent(redis.busyShare)} busy. Run ${inWords(redis.installations)} installations or more, each with a part of the people.`,
    ],
    [
      ingresses.prefetch === undefined,
      `NATS: ${inWords(ingresses.messagesInFlight)} messages are processed at the same time; one consumer allows ${inWords(limits.mostPrefetch * limits.ackPendingOfPrefetch)}. Run several installations.`,
    ],
    [
      (ingresses.prefetch ?? 0) > limits.defaultPrefetch,
      `NATS: set queues.marketing_events.prefetch to ${ingresses.prefetch}: ${inWords(ingresses.messagesInFlight)} messages are processed at the same time.`,
    ],
    [
      temporal.historyShards > limits.mostShards,
      `Temporal: ${inWords(temporal.historyShards)} history shards are more than one cluster should have (${inWords(limits.mostShards)}). Run several installations, each with its own.`,
    ],
    [
      temporal.eventsOfJourney > limits.mostEventsOfRun,
      `Temporal: a history of ${inWords(temporal.eventsOfJourney)} events is replayed slowly. Use continue-as-new before ${inWords(limits.mostEventsOfRun)}.`,
    ],
    [
      cloud.actionsPerSecondPeak > limits.cloudActionsPerSecond,
      `Temporal Cloud: a namespace takes ${limits.cloudActionsPerSecond} Actions a second by default. Request ${inWords(cloud.actionsPerSecondPeak)} before the first peak.`,
    ],
    [
      cloud.negotiated,
      `Temporal Cloud: above ${inWords(listEndsAtActions)} Actions a month the price is negotiated. The figure above uses the last price of the list.`,
    ],
  ];
  return all.filter(([applies]) => applies).map(([, warning]) => warning);
}
