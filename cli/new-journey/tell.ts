import { defaultTopics } from '../compose-event.ts';
import type { NewJourney } from './check-wish.ts';
import type { Change } from './plan.ts';

type Print = (line: string) => void;

/** Each file, and of those that were there the lines that are new. */
export function tellPlan(print: Print, changes: readonly Change[], dryRun: boolean): void {
  if (dryRun) print('Nothing is written. Without --dry-run, this would be:\n');
  for (const { file, before, after } of changes) {
    print(`${before === undefined ? 'new    ' : 'changed'}  ${file}`);
    if (before === undefined) continue;
    for (const line of added(before, after)) print(`           + ${line}`);
  }
}

export function tellNextSteps(print: Print, journey: NewJourney): void {
  const { name, newTypes } = journey;
  print('\nNext: write the words of the mail, and look at what happens when.');
  print(`  npx --no rivulet simulate ${name}${settings(journey)}`);
  print('Then run it: `npm start`, and in a second terminal');
  print(
    `  npx --no rivulet publish ${journey.on} --user u_1 --email ada@example.com${settings(journey)}${consent(journey)}`,
  );
  print('And before you commit: `npm test`.');
  if (newTypes.length > 0)
    print(`A row for ${newTypes.join(' and ')} belongs into the table of events in ARCHITECTURE.md.`);
}

function added(before: string, after: string): string[] {
  const known = new Set(before.split('\n'));
  return after.split('\n').filter((line) => !known.has(line));
}

function settings({ sample }: NewJourney): string {
  return Object.entries(sample)
    .map(([field, value]) => ` --set ${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('');
}

/** What else the command would take for granted need not be the topic of this journey. */
function consent({ topic }: NewJourney): string {
  return topic === undefined || defaultTopics.includes(topic) ? '' : ` --consent ${topic}`;
}
