import type { Ending } from './run.ts';

/**
 * What an entry is about. `not heard`: an event that this journey does not listen for, that its condition says is not meant, or
 * that comes when it does not run. `stops`: the simulation, not the journey, ends here.
 */
export type What =
  | 'starts'
  | 'mail'
  | 'no mail'
  | 'waits'
  | 'deferred'
  | 'retries'
  | 'hears'
  | 'not heard'
  | 'happens'
  | 'clocks'
  | 'leaves'
  | 'ends'
  | 'stops';

export interface Entry {
  /** Unix ms. */
  at: number;
  /** What the clock on their wall shows, such as `Tue 2026-11-24 10:00`. */
  local: string;
  what: What;
  /** Of a mail. */
  template?: string;
  subject?: string;
  /** Of an event. */
  event?: string;
  /** In words: what is waited for, why there is no mail, what else happened. */
  why?: string;
  /** When a wait is over, unless something comes first, Unix ms. */
  until?: number;
  /** How often a mail was tried in vain. */
  tries?: number;
}

/** How it ended; `unfinished`: the simulation was over first. */
export type Ended = Ending['how'] | 'unfinished';

/** Everything that a journey did for one person, in the order in which it happened. */
export class Calendar {
  readonly journey: string;
  readonly person: string;
  /** Where they were at the start. */
  readonly time_zone: string;
  readonly ended: Ended;
  /** What the journey returned; undefined unless `ended` is `returned`. */
  readonly outcome: unknown;
  /** Why it ended otherwise. */
  readonly why: string | undefined;
  readonly entries: readonly Entry[];

  constructor(of: Pick<Calendar, 'journey' | 'person' | 'time_zone' | 'ended' | 'outcome' | 'why' | 'entries'>) {
    this.journey = of.journey;
    this.person = of.person;
    this.time_zone = of.time_zone;
    this.ended = of.ended;
    this.outcome = of.outcome;
    this.why = of.why;
    this.entries = of.entries;
  }

  /** The mails alone. */
  get mails(): readonly Entry[] {
    return this.entries.filter(({ what }) => what === 'mail');
  }

  /** As people read it. */
  toString(): string {
    const withMore = this.entries.filter((entry) => wordsOf(entry) !== '');
    const width = Math.max(0, ...withMore.map((entry) => nameOf(entry)?.length ?? 0));
    let shown = '';
    const lines = this.entries.map((entry) => {
      const when = entry.local === shown ? ''.padEnd(entry.local.length) : entry.local;
      shown = entry.local;
      return `${when}  ${entry.what.padEnd(9)}  ${told(entry, width)}`.trimEnd();
    });
    return [`${this.journey} for ${this.person}, in ${this.time_zone}`, '', ...lines].join('\n');
  }
}

function told(entry: Entry, width: number): string {
  const [name, words] = [nameOf(entry), wordsOf(entry)];
  if (name === undefined) return words;
  return words === '' ? name : `${name.padEnd(width)}  ${words}`;
}

function wordsOf({ subject, why, tries }: Entry): string {
  const inVain = tries === undefined ? undefined : `${tries} ${tries === 1 ? 'try' : 'tries'} in vain`;
  return [subject, why, inVain].filter((text) => text !== undefined).join('; ');
}

function nameOf({ template, event }: Entry): string | undefined {
  return template ?? event;
}
