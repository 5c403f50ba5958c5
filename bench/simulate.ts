import { parseArgs } from 'node:util';

import { type Person, simulate } from '../simulation/simulate.ts';
import { columns } from './report.ts';

const usage = 'Usage: node --import tsx bench/simulate.ts [--people 1000] [--journey onboarding]';
const { values } = parseArgs({
  options: { people: { type: 'string', default: '1000' }, journey: { type: 'string', default: 'onboarding' } },
});
const people = Number(values.people);
if (!Number.isInteger(people) || people < 1) {
  console.error(`"${values.people}" is no whole number above 0.\n${usage}`);
  process.exit(1);
}

const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Lord_Howe'];
const year = 365;

/** A simulated year for many people in one process: each signs up on another day of it, one in four makes a project. */
const before = measure();
await simulate(values.journey, personAt(0));
const first = measure();
let mails = 0;
for (let index = 0; index < people; index++) {
  const day = new Date(Date.UTC(2026, 0, 1 + (index % year), 9)).toISOString();
  const on = index % 4 === 0 ? ['day 3: project.created'] : [];
  const calendar = await simulate(values.journey, personAt(index), { from: day, on });
  mails += calendar.mails.length;
}
const all = measure();

const seconds = (ms: number) => (ms / 1_000).toFixed(2);
console.log(
  columns([
    ['', 'seconds', 'CPU seconds', 'ms each', 'RSS MB'],
    ['bundling, and one person', seconds(first.at - before.at), seconds(first.cpu - before.cpu), '', first.rss],
    [
      `${people} people, ${mails} mails`,
      seconds(all.at - first.at),
      seconds(all.cpu - first.cpu),
      ((all.at - first.at) / people).toFixed(2),
      all.rss,
    ],
  ]),
);

function personAt(index: number): Person {
  const time_zone = zones[index % zones.length] ?? 'UTC';
  const user_id = `person_${index}`;
  return { user_id, name: 'Ada', email: `${user_id}@example.com`, time_zone, topics: ['onboarding', 'offers'] };
}

function measure(): { at: number; cpu: number; rss: string } {
  const { user, system } = process.cpuUsage();
  const rss = Math.round(process.memoryUsage.rss() / 1024 ** 2).toString();
  return { at: performance.now(), cpu: (user + system) / 1_000, rss };
}
