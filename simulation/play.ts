import type { Config } from '../config/schema.ts';
import type { ParsedEvent } from '../events/parse.ts';
import type { Route } from '../ingress/routes.ts';
import type { Catalogue } from '../templates/catalogue.ts';
import { createAgenda } from './agenda.ts';
import { Calendar } from './calendar.ts';
import { createDiary } from './diary.ts';
import type { Planned } from './happenings.ts';
import { happen, recordPerson, type Scene } from './meanwhile.ts';
import { createOnlooker } from './onlooker.ts';
import type { KnownPerson } from './person.ts';
import { rememberInMemory } from './remembered.ts';
import { type Ending, startRun } from './run.ts';
import { sandboxOf } from './sandbox.ts';
import { settingsOf } from './settings.ts';
import { createWorld } from './world.ts';

/** A journey that lasts longer, or has more turns, is taken to never end. */
const longestMs = 25 * 366 * 86_400_000;
const mostTurns = 3_000;
/** Tries in vain are no turns: a provider that is away is probed every minute, and this many are a month. */
const mostSteps = 45_000;

export interface Play {
  journey: string;
  route: Omit<Route, 'starts'>;
  person: KnownPerson;
  start: ParsedEvent;
  /** What of it was made up, in words. */
  madeUp: string | undefined;
  happenings: readonly Planned[];
  config: Config;
  catalogue: Catalogue;
  bundle: { code: string };
}

/** Starts the journey and lets time pass, from one thing that happens to the next, until nothing more does. */
export async function play(terms: Play): Promise<Calendar> {
  const { journey, person, start, config, catalogue } = terms;
  const { event } = start;
  const { user_id: user, topics: _, payload: __, plan, ...contact } = person;
  const known = { ...contact, ...(plan !== undefined && { plan }) };
  const settings = settingsOf(config);

  let now = event.timestamp;
  let steps = 0;
  let ending: Ending | undefined;
  const diary = createDiary(person.time_zone ?? 'UTC');
  const remembered = rememberInMemory(user, known, () => now);
  const scene: Scene = { diary, remembered, settings, user, journey, route: terms.route, start: event };
  const faultAt = (at: number) => (scene.fault && at < scene.fault.until ? scene.fault.kind : undefined);
  const world = createWorld({ settings, catalogue, remembered, diary, faultAt });
  const onlooker = createOnlooker(diary, (how) => (ending = how));
  const sandbox = await sandboxOf(terms.bundle, world.activities);
  const agenda = createAgenda();

  agenda.add(now, async () => {
    diary.add(now, {
      what: 'starts',
      event: event.event_type,
      ...(terms.madeUp !== undefined && { why: terms.madeUp }),
    });
    await recordPerson(scene, start);
    const args = [event];
    scene.run = await startRun(sandbox, agenda, world, onlooker, {
      journey,
      workflowId: event.event_id,
      args,
      at: now,
    });
  });
  for (const planned of terms.happenings) agenda.add(planned.at, () => happen(scene, planned, now));

  try {
    for (let item = agenda.next(); item; item = agenda.next()) {
      steps += 1;
      const over = outOfBounds(item.at - event.timestamp, scene.run?.turns() ?? 0, steps);
      if (over !== undefined) return stop(over);
      now = item.at;
      await item.happen();
    }
    return ending
      ? calendarOf(terms, diary.entries, ending)
      : stop('nothing more happens, and the journey still waits');
  } finally {
    await scene.run?.dispose();
  }

  function stop(why: string): Calendar {
    diary.add(now, { what: 'stops', why });
    return calendarOf(terms, diary.entries, { how: 'unfinished', why });
  }
}

function outOfBounds(lastsMs: number, turns: number, steps: number): string | undefined {
  const never = 'the simulation is over: this journey seems never to end';
  if (lastsMs > longestMs) return `after 25 years ${never}`;
  if (turns > mostTurns) return `after ${turns.toLocaleString('en')} turns ${never}`;
  return steps > mostSteps ? `after ${steps.toLocaleString('en')} steps ${never}` : undefined;
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
