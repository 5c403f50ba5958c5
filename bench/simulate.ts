import { type Person, simulate } from '../simulation/simulate.ts';
import type { Scenario } from './scenario.ts';

const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Lord_Howe'];
const year = 365;

const journey = 'onboarding';
/** One in four makes a project before the last mail: they get two of the three. */
const mailsOf = (index: number) => (index % 4 === 0 ? 2 : 3);

/** A simulated year for many people in one process: each signs up on another day of it, one in four makes a project. */
export const simulated: Scenario = async ({ emails: people }) => {
  const before = measure();
  await simulate(journey, personAt(0));
  const first = measure();
  let mails = 0;
  for (let index = 0; index < people; index++) {
    const day = new Date(Date.UTC(2026, 0, 1 + (index % year), 9)).toISOString();
    const on = index % 4 === 0 ? ['day 3: project.created'] : [];
    const calendar = await simulate(journey, personAt(index), { from: day, on });
    mails += calendar.mails.length;
  }
  const all = measure();

  const seconds = (ms: number) => (ms / 1_000).toFixed(2);
  const each = ((all.at - first.at) / people).toFixed(2);
  const wanted = Array.from({ length: people }, (_, index) => mailsOf(index)).reduce((sum, count) => sum + count, 0);
  return {
    tables: [
      {
        title: `A simulated year of ${journey}`,
        rows: [
          ['', 'seconds', 'CPU seconds', 'ms each', 'RSS MB'],
          ['bundling, and one person', seconds(first.at - before.at), seconds(first.cpu - before.cpu), '', first.rss],
          [`${people} people, ${mails} mails`, seconds(all.at - first.at), seconds(all.cpu - first.cpu), each, all.rss],
        ],
      },
    ],
    notes: [],
    figures: { people, mails, before, first, all },
    mistakes: mails === wanted ? [] : [`${mails} mails instead of ${wanted}`],
  };
};

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
