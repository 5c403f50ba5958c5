import type { Next } from '../../simulation/what-next.ts';
import type { Found, Impact } from './find-impact.ts';

const idsShown = 3;

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
  return `${parked.where}; ${broken === undefined ? `next: ${nameOf(next)}` : `CANNOT GO ON (${broken.slice(0, 160)})`}`;
}

function nameOf(next: Next | undefined): string {
  if (!next || 'unknown' in next) return next?.unknown ?? 'unknown';
  return 'mail' in next ? next.mail : `ends as ${next.ends}`;
}

/** From the first to the last of them: since when they stand there, and when it goes on. */
function span(there: Impact[]): string {
  const since = there.map(({ parked }) => parked.since);
  const next = there.flatMap(({ next }) => (next && 'at' in next ? [next.at] : []));
  return [`there since ${between(since)}`, ...(next.length > 0 ? [`next on ${between(next)}`] : [])].join(', ');
}

function between(times: number[]): string {
  const [first, last] = [Math.min(...times), Math.max(...times)].map(asTime);
  return first === last ? `${first}` : `${first} to ${last}`;
}

function asTime(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}

function ids(there: Impact[]): string {
  const shown = there.slice(0, idsShown).map(({ workflowId }) => workflowId);
  return [...shown, ...(there.length > idsShown ? [`and ${there.length - idsShown} more`] : [])].join(', ');
}

function count(runs: number): string {
  return runs === 1 ? '1 run' : `${runs} runs`;
}
