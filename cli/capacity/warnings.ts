import { limits } from './limits.ts';
import type { Estimate } from './model.ts';
import { listEndsAtActions } from './price.ts';
import { withRoom } from './processes.ts';
import { inBytes, inPercent, inWords } from './quantity.ts';

/** What of an estimate a person has to do something about before it can work; the nearest wall first. */
export function warningsAbout({ redis, ingresses, temporal, cloud }: Estimate): string[] {
  const all: [boolean, string][] = [
    [
      redis.bytes > limits.redisPrimaryBytes,
      `Redis: ${inBytes(redis.bytes)} do not fit one primary (${inBytes(limits.redisPrimaryBytes)}). Remember mails for less long (provider.remember_sends), or run ${inWords(redis.primaries)} installations.`,
    ],
    [
      redis.busyShare > limits.busyShare,
      `Redis: a primary has one core for commands, and would be ${inPercent(redis.busyShare)} busy. Run ${inWords(withRoom(redis.busyShare))} installations or more, each with a part of the people.`,
    ],
    [
      ingresses.prefetch === undefined,
      `NATS: ${inWords(ingresses.eventsInHand)} events have to be in hand at once; one consumer allows ${inWords(limits.mostPrefetch * limits.ackPendingOfPrefetch)}. Run several installations.`,
    ],
    [
      (ingresses.prefetch ?? 0) > limits.defaultPrefetch,
      `NATS: set queues.marketing_events.prefetch to ${ingresses.prefetch}: ${inWords(ingresses.eventsInHand)} events have to be in hand at once.`,
    ],
    [
      temporal.historyShards > limits.mostShards,
      `Temporal: ${inWords(temporal.historyShards)} history shards are more than one cluster should have (${inWords(limits.mostShards)}). Run several installations, each with its own.`,
    ],
    [
      temporal.eventsOfJourney > limits.mostEventsOfRun,
      `Temporal: a history of ${inWords(temporal.eventsOfJourney)} events is replayed slowly. Begin a run anew (continue-as-new) before ${inWords(limits.mostEventsOfRun)}.`,
    ],
    [
      cloud.actionsPerSecondPeak > limits.cloudActionsPerSecond,
      `Temporal Cloud: a namespace takes ${limits.cloudActionsPerSecond} Actions a second by default. Ask for ${inWords(cloud.actionsPerSecondPeak)} before the first peak.`,
    ],
    [
      cloud.negotiated,
      `Temporal Cloud: above ${inWords(listEndsAtActions)} Actions a month the price is to be negotiated. The one above goes on with the last of the list.`,
    ],
  ];
  return all.filter(([applies]) => applies).map(([, warning]) => warning);
}
