import { type Person, simulate } from '../simulation/simulate.ts';
import { countCpu, othersPercent } from './cpu.ts';
import type { Scenario } from './scenario.ts';
import { surroundingsOfBench } from './surroundings.ts';

const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Lord_Howe'];
const year = 365;

const journey = 'onboarding';
/** One in four makes a project before the last mail: they get two of the three. */
const mailsOf = (index: number) => (index % 4 === 0 ? 2 : 3);

/** A simulated year for many people in one process: each signs up on another day of it, one in four makes a project. */
export const simulated: Scenario = async ({ emails: people }) => {
  const endFirst = measure();
  await simulate(journey, personAt(0));
  const first = endFirst();
  const endAll = measure();
  let mails = 0;
  for (let index = 0; index < people; index++) {
    const day = new Date(Date.UTC(2026, 0, 1 + (index % year), 9)).toISOString();
    const on = index % 4 === 0 ? ['day 3: project.created'] : [];
    const calendar = await simulate(journey, personAt(index), { from: day, on });
    mails += calendar.mails.length;
  }
  const all = endAll();

  const row = (title: string, { wallMs, cpuMs, others, rssMb }: Stretch, each = '') => {
    const seconds = [wallMs, cpuMs].map((ms) => (ms / 1_000).toFixed(2));
    return [title, ...seconds, each, rssMb.toFixed(0), others.toFixed(0)];
  };
  const wanted = Array.from({ length: people }, (_, index) => mailsOf(index)).reduce((sum, count) => sum + count, 0);
  return {
    surroundings: surroundingsOfBench(),
    tables: [
      {
        title: `A simulated year of ${journey}`,
        rows: [
          ['', 'seconds', 'CPU seconds', 'ms each', 'RSS MB', 'CPUs used by others, %'],
          row('bundling, and one person', first),
          row(`${people} people, ${mails} mails`, all, (all.wallMs / people).toFixed(2)),
        ],
      },
    ],
    notes: [],
    figures: { people, mails, first, all },
    mistakes: mails === wanted ? [] : [`${mails} mails instead of ${wanted}`],
  };
};

function personAt(index: number): Person {
  const time_zone = zones[index % zones.length] ?? 'UTC';
  const user_id = `person_${index}`;
  return { user_id, name: 'Ada', email: `${user_id}@example.com`, time_zone, topics: ['onboarding', 'offers'] };
}

interface Stretch {
  wallMs: number;
  cpuMs: number;
  /** Of all CPUs of the machine, what everything else took, %. */
  others: number;
  rssMb: number;
}

function measure(): () => Stretch {
  const endCpu = countCpu({ bench: process.pid });
  return () => {
    const spent = endCpu();
    const rssMb = process.memoryUsage.rss() / 1_024 ** 2;
    return { wallMs: spent.wallMs, cpuMs: spent.by.bench, others: othersPercent(spent), rssMb };
  };
}
