import type { Found, Impact } from './find-impact.ts';

const idsShown = 3;
/** Of why somebody cannot go on; --json has all of it. */
const mostWords = 200;

/** What the command prints: for each journey, who stands where, and what comes next. */
export function told({ impacts, more }: Found): string[] {
  const journeys = [...new Set(impacts.map(({ journey }) => journey))].toSorted();
  const broken = impacts.filter((impact) => impact.broken !== undefined).length;
  return [
    ...journeys.flatMap((journey) =>
      aboutJourney(
        journey,
        impacts.filter((impact) => impact.journey === journey),
      ),
    ),
    ...(more ? ['There are more running runs than these; --limit says how many are looked at.'] : []),
    impacts.length === 0 ? 'No journey is running.' : verdict(impacts.length, broken),
  ];
}

function verdict(all: number, broken: number): string {
  if (broken === 0) return `All ${all} can go on with the code in this folder.`;
  return (
    `${broken} of ${all} cannot go on with the code in this folder. Undo the change, guard it with patched(), or make it a ` +
    'journey of its own: docs/changing-journeys.md.'
  );
}

function aboutJourney(journey: string, impacts: Impact[]): string[] {
  const places = byPlace(impacts);
  return [
    `${journey}: ${count(impacts.length)}`,
    ...[...places].flatMap(([place, there]) => [
      `  ${String(there.length).padStart(6)}  ${place}`,
      `          ${span(there)}`,
      `          ${ids(there)}`,
    ]),
    '',
  ];
}

function byPlace(impacts: Impact[]): Map<string, Impact[]> {
  const places = new Map<string, Impact[]>();
  for (const impact of impacts) places.set(placeOf(impact), [...(places.get(placeOf(impact)) ?? []), impact]);
  return places;
}

function placeOf({ parked, next, broken }: Impact): string {
  return `${parked.where}; ${broken === undefined ? `next: ${nameOf(next)}` : `CANNOT GO ON (${broken.slice(0, mostWords)})`}`;
}

function nameOf(next: Impact['next']): string {
  if (!next || 'unknown' in next) return `not known (${next?.unknown ?? 'nothing was found'})`;
  return 'mail' in next ? next.mail : `ends as ${next.ends}`;
}

/** From the first to the last of them: since when they stand there, until when, and when the next thing comes. */
function span(there: Impact[]): string {
  const since = there.map(({ parked }) => parked.since);
  const until = there.flatMap(({ parked }) => parked.until ?? []);
  const next = there.flatMap(({ next }) => (next && 'at' in next ? [next.at] : []));
  return [...between('since', since), ...between('until', until), ...between('next on', next)].join('; ');
}

function between(word: string, times: number[]): string[] {
  if (times.length === 0) return [];
  const [first, last] = [Math.min(...times), Math.max(...times)].map(asTime);
  return [`${word} ${first === last ? first : `${first} to ${last}`}`];
}

function asTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

function ids(there: Impact[]): string {
  const shown = there.slice(0, idsShown).map(({ workflowId }) => workflowId);
  return [...shown, ...(there.length > idsShown ? [`and ${there.length - idsShown} more`] : [])].join(', ');
}

function count(runs: number): string {
  return runs === 1 ? '1 run' : `${runs} runs`;
}
