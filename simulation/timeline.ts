import type { Entry } from './calendar.ts';
import { clockChanges, onTheWall } from './local-clock.ts';

/** Collects the entries of a calendar, in the local time of the person. */
export interface Timeline {
  add(at: number, entry: Omit<Entry, 'at' | 'local'>): Entry;
  /** From now on the person is in this time zone. */
  moveTo(zone: string): void;
  /** Returns the local time of an instant, such as `Tue 2026-11-24 10:00`. */
  clock(at: number): string;
  entries: readonly Entry[];
}

const hourMs = 3_600_000;

export function createTimeline(zone: string): Timeline {
  const entries: Entry[] = [];
  let last: { at: number; offsetMs: number } | undefined;

  function add(at: number, what: Omit<Entry, 'at' | 'local'>): Entry {
    const { local, offsetMs } = onTheWall(zone, at);
    if (last && last.offsetMs !== offsetMs) addClockChanges(last.at, at);
    last = { at, offsetMs };
    const entry = { at, local, ...what };
    entries.push(entry);
    return entry;
  }

  /** Without them a wait of a day that ends an hour earlier or later in local time would look like a mistake. */
  function addClockChanges(after: number, until: number): void {
    for (const at of clockChanges(zone, after, until)) {
      const [before, now] = [onTheWall(zone, at - 1), onTheWall(zone, at)];
      const by = now.offsetMs - before.offsetMs;
      const why = `${by > 0 ? 'forward' : 'back'} ${hours(Math.abs(by))}, to UTC${sign(now.offsetMs)}`;
      entries.push({ at, local: now.local, what: 'clocks', why });
    }
  }

  return {
    add,
    moveTo(where) {
      zone = where;
      if (last) last = { ...last, offsetMs: onTheWall(zone, last.at).offsetMs };
    },
    clock: (at) => onTheWall(zone, at).local,
    entries,
  };
}

function hours(ms: number): string {
  return ms === hourMs ? '1 hour' : ms % hourMs === 0 ? `${ms / hourMs} hours` : `${ms / 60_000} minutes`;
}

function sign(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / 60_000;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
