import type { Impact } from './find-impact.ts';

const idsShown = 3;
/** Of why somebody cannot go on; --json has all of it. */
const mostWords = 200;

/** The runs that stand at one place and have the same before them, in numbers: there may be a million of them. */
interface Place {
  runs: number;
  /** Of the first few. */
  ids: string[];
  /** From the first to the last of them, Unix ms. */
  since: Span | undefined;
  until: Span | undefined;
  next: Span | undefined;
}

type Span = [first: number, last: number];

/** What was found, by journey and place. */
export interface Tally {
  add(impact: Impact): void;
  all: number;
  broken: number;
  /** What the command prints: for each journey, who stands where, and what comes next. `more`: some were not looked at. */
  told(more: boolean): string[];
}

export function createTally(): Tally {
  const journeys = new Map<string, Map<string, Place>>();
  return {
    all: 0,
    broken: 0,
    add(impact) {
      this.all += 1;
      if (impact.broken !== undefined) this.broken += 1;
      const places = journeys.get(impact.journey) ?? new Map<string, Place>();
      journeys.set(impact.journey, places);
      const place = placeOf(impact);
      places.set(place, oneMore(places.get(place), impact));
    },
    told(more) {
      const byName = [...journeys].toSorted(([one], [other]) => (one < other ? -1 : 1));
      return [
        ...byName.flatMap(([journey, places]) => aboutJourney(journey, places)),
        this.all === 0 ? nobody(more) : verdict(this.all, this.broken, more),
      ];
    },
  };
}

function oneMore(place: Place | undefined, { workflowId, parked, next }: Impact): Place {
  const { runs, ids, ...spans } = place ?? { runs: 0, ids: [], since: undefined, until: undefined, next: undefined };
  return {
    runs: runs + 1,
    ids: ids.length < idsShown ? [...ids, workflowId] : ids,
    since: widened(spans.since, parked.since),
    until: widened(spans.until, parked.until),
    next: widened(spans.next, next && 'at' in next ? next.at : undefined),
  };
}

function widened(span: Span | undefined, at: number | undefined): Span | undefined {
  if (at === undefined) return span;
  return span ? [Math.min(span[0], at), Math.max(span[1], at)] : [at, at];
}

function nobody(more: boolean): string {
  return more ? `None of those that were looked at is running any more; ${leftOut}` : 'No journey is running.';
}

const leftOut = 'there are more, which --limit left out.';

function verdict(all: number, broken: number, more: boolean): string {
  if (broken === 0)
    return more
      ? `All ${all} that were looked at can go on; ${leftOut}`
      : `All ${all} can go on with the code in this folder.`;
  return (
    `${broken} of ${all}${more ? ' that were looked at' : ''} cannot go on with the code in this folder. Undo the change, ` +
    `guard it with patched(), or make it a journey of its own: docs/changing-journeys.md.${more ? ` And ${leftOut}` : ''}`
  );
}

function aboutJourney(journey: string, places: Map<string, Place>): string[] {
  const all = [...places.values()].reduce((sum, { runs }) => sum + runs, 0);
  return [
    `${journey}: ${all === 1 ? '1 run' : `${all} runs`}`,
    ...[...places].flatMap(([place, there]) => [
      `  ${String(there.runs).padStart(6)}  ${place}`,
      `          ${spans(there)}`,
      `          ${ids(there)}`,
    ]),
    '',
  ];
}

function placeOf({ parked, next, broken }: Impact): string {
  return `${parked.where}; ${broken === undefined ? `next: ${nameOf(next)}` : `CANNOT GO ON (${broken.slice(0, mostWords)})`}`;
}

function nameOf(next: Impact['next']): string {
  if (!next || 'unknown' in next) return `not known (${next?.unknown ?? 'nothing was found'})`;
  return 'mail' in next ? next.mail : `ends as ${next.ends}`;
}

/** Since when they stand there, until when, and when the next thing comes. */
function spans({ since, until, next }: Place): string {
  return [...between('since', since), ...between('until', until), ...between('next on', next)].join('; ');
}

function between(word: string, span: Span | undefined): string[] {
  if (!span) return [];
  const [first, last] = span.map(asTime);
  return [`${word} ${first === last ? first : `${first} to ${last}`}`];
}

function asTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

function ids({ runs, ids }: Place): string {
  return [...ids, ...(runs > ids.length ? [`and ${runs - ids.length} more`] : [])].join(', ');
}
