import type { Config } from '../config/schema.ts';
import type { ParsedEvent } from '../events/parse.ts';
import type { Route } from '../ingress/routes.ts';
import type { Catalogue } from '../templates/catalogue.ts';
import { createAgenda } from './agenda.ts';
import { Calendar } from './calendar.ts';
import { createEnvironment } from './environment.ts';
import type { Planned } from './happenings.ts';
import { createObserver } from './observer.ts';
import type { KnownPerson } from './person.ts';
import { type Ending, startRun } from './run.ts';
import { sandboxOf } from './sandbox.ts';
import { cancelRun, happen, recordEvent, recordKnown, registerRun, type Scenario } from './scenario.ts';
import { createTimeline } from './timeline.ts';

/** A journey that lasts longer, or has more workflow tasks, is taken to never end. */
const longestMs = 25 * 366 * 86_400_000;
const mostTasks = 3_000;
/** Failed attempts are no workflow tasks: a provider that is unavailable is probed every minute, and this many are a month. */
const usualMostSteps = 45_000;

const never = 'the simulation is over: this journey seems never to end';

export interface Play {
  journey: string;
  route: Omit<Route, 'starts'>;
  person: KnownPerson;
  start: ParsedEvent;
  /** Which of its fields have sample values, in words. */
  sampled: string | undefined;
  happenings: readonly Planned[];
  config: Config;
  catalogue: Catalogue;
  bundle: { code: string };
  /** After so many steps the simulation ends; a month of probes unless it is said. */
  mostSteps?: number | undefined;
}

/** Starts the journey and lets time pass, from one thing that happens to the next, until nothing more does. */
export async function play(terms: Play): Promise<Calendar> {
  const { journey, person, start, config, catalogue, mostSteps = usualMostSteps } = terms;
  const { event } = start;

  let now = event.timestamp;
  let steps = 0;
  let ending: Ending | undefined;
  const timeline = createTimeline(person.time_zone ?? 'UTC');
  const environment = createEnvironment({
    config,
    catalogue,
    timeline,
    now: () => now,
    fault: () => (scenario.fault && now < scenario.fault.until ? scenario.fault.kind : undefined),
    cancelRun: (_, why) => cancelRun(scenario, now, why),
  });
  const scenario: Scenario = { timeline, environment, user: person.user_id, journey, route: terms.route, start: event };
  const observer = createObserver(timeline, (how) => (ending = how));
  const sandbox = await sandboxOf(terms.bundle, environment.names);
  const agenda = createAgenda();

  agenda.add(now, async () => {
    timeline.add(now, {
      what: 'starts',
      event: event.event_type,
      ...(terms.sampled !== undefined && { why: terms.sampled }),
    });
    await recordEvent(scenario, start, now);
    await registerRun(scenario, now);
    scenario.run = await startRun(sandbox, agenda, environment, observer, {
      journey,
      workflowId: event.event_id,
      args: [event],
      at: now,
    });
  });
  for (const planned of terms.happenings) agenda.add(planned.at, () => happen(scenario, planned, now));

  try {
    await recordKnown(scenario, person, Math.min(now, ...terms.happenings.map(({ at }) => at)));
    for (let item = agenda.next(); item; item = agenda.next()) {
      steps += 1;
      const over = outOfBounds(item.at - event.timestamp);
      if (over !== undefined) return stop(over);
      now = item.at;
      await item.happen();
    }
    return ending
      ? calendarOf(terms, timeline.entries, ending)
      : stop('nothing more happens, and the journey still waits');
  } finally {
    await scenario.run?.dispose();
  }

  function outOfBounds(lastsMs: number): string | undefined {
    const tasks = scenario.run?.tasks() ?? 0;
    if (lastsMs > longestMs) return `after 25 years ${never}`;
    if (tasks > mostTasks) return `after ${tasks.toLocaleString('en')} turns ${never}`;
    return steps > mostSteps ? `after ${steps.toLocaleString('en')} steps ${never}` : undefined;
  }

  function stop(why: string): Calendar {
    timeline.add(now, { what: 'stops', why });
    return calendarOf(terms, timeline.entries, { how: 'unfinished', why });
  }
}

function calendarOf(
  { journey, person }: Play,
  entries: Calendar['entries'],
  ending: Ending | { how: 'unfinished'; why: string },
): Calendar {
  return new Calendar({
    journey,
    person: person.name ?? person.user_id,
    time_zone: person.time_zone ?? 'UTC',
    ended: ending.how,
    outcome: ending.how === 'returned' ? ending.outcome : undefined,
    why: 'why' in ending ? ending.why : undefined,
    entries,
  });
}
