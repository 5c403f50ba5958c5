import type { Client } from '@temporalio/client';

import type { Event } from '../../events/index.ts';
import type { ParsedEvent } from '../../events/parse.ts';
import { fullEvent } from '../../events/split-event.ts';
import type { Entry } from '../../ingress/entry/enter.ts';
import { routes } from '../../ingress/routes.ts';
import { reusedBy } from '../../ingress/take-in.ts';
import { isSame } from '../../store/events.ts';
import type { Store } from '../../store/store.ts';

/** What a replay of one letter would do, and in words. */
export interface Forecast {
  kind: 'starts a new run' | 'already ran' | 'starts no run' | 'still invalid';
  why?: string;
}

export interface ForecastDependencies {
  store: Pick<Store, 'events' | 'entries'>;
  entry: Pick<Entry, 'foresee'>;
  client: Client;
}

/**
 * Returns what a replay of an event would do, after those that were asked for before. Changes nothing. Who may enter only once, or
 * while no other run of theirs is running, is not foreseen.
 */
export function createForecast(deps: ForecastDependencies): (seq: number, parsed: ParsedEvent) => Promise<Forecast> {
  const before = new Map<string, { seq: number; event: Event }>();
  return async (seq, parsed) => {
    const { event } = parsed;
    const earlier = before.get(event.event_id);
    if (earlier) {
      return isSame(earlier.event, event)
        ? { kind: 'already ran', why: `dead letter ${earlier.seq} has the same event` }
        : { kind: 'still invalid', why: reusedBy(earlier.event.event_type) };
    }
    const forecast = await forecastOf(deps, parsed);
    if (forecast.kind !== 'still invalid') {
      const { event_id, event_type, user_id } = event;
      before.set(event_id, { seq, event: { event_id, event_type, user_id } as Event });
    }
    return forecast;
  };
}

async function forecastOf({ store, entry, client }: ForecastDependencies, parsed: ParsedEvent): Promise<Forecast> {
  const { event_id, event_type } = parsed.event;
  const stored = await store.events.find(event_id);
  if (stored && !isSame(stored.event, parsed.event)) {
    return { kind: 'still invalid', why: reusedBy(stored.event.event_type) };
  }
  const route = routes[event_type];
  if (!route) return { kind: 'starts no run', why: `events of type ${event_type} start no journey` };
  const decision = stored && (await store.entries.find(event_id));
  if (decision && !decision.enters) {
    return { kind: 'starts no run', why: `decided before: rivulet why-event ${event_id}` };
  }
  if (await isKnownRun(client, event_id)) return { kind: 'already ran' };
  if (decision) return { kind: 'starts a new run' };
  // Of an event that came before, what was stored then counts.
  const { event, personal } = stored ?? parsed;
  const verdict = await entry.foresee(fullEvent(event, personal), route, parsed.contact);
  if (verdict.enters) return { kind: 'starts a new run' };
  return { kind: 'starts no run', why: `journeys.${route.starts}: ${verdict.why}` };
}

async function isKnownRun(client: Client, workflowId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).describe();
    return true;
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}
