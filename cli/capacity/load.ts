/** What is asked of an installation. */
export interface Load {
  emailsPerDay: number;
  /** Journeys that are open at the same time, most of them asleep. */
  openJourneys: number;
  mailsPerJourney: number;
  /** Mails per second at the busiest moment, over the average of the day. */
  peakFactor: number;
  /** The share of mails that are a run of their own: receipts, confirmations. */
  transactionalShare: number;
  /** The share of mails that leave inside the workflow turn; the others take the patient path. */
  localSendShare: number;
  /** Everybody who is known, whether mailed or not. */
  people: number;
  /** How long Temporal keeps runs that have ended. */
  retentionDays: number;
  /** provider.remember_sends, decisions.remember and queues.marketing_events.max_age of rivulet.yaml. */
  rememberSendsDays: number;
  rememberDecisionsDays: number;
  streamDays: number;
}

interface Range {
  option: string;
  from: number;
  to: number;
  /** What would be right. */
  right: string;
}

/** More than all the mail of the world: what lies beyond is a typing mistake. */
const most = 1e12;
const count = { from: 0, to: most, right: 'a number from 0 to 1000G, such as 100M' };
const days = { from: 1 / 24, to: 3_650, right: 'from 1h to 3650d, such as 30d' };
const share = { from: 0, to: 1, right: 'from 0% to 100%' };

const ranges: Record<keyof Load, Range> = {
  emailsPerDay: { option: '--emails-per-day', ...count },
  openJourneys: { option: '--journeys', ...count },
  mailsPerJourney: { option: '--mails-per-journey', from: 1, to: 1_000, right: 'from 1 to 1000' },
  peakFactor: { option: '--peak', from: 1, to: 86_400, right: 'from 1 (no peak) to 86400 (all within a second)' },
  transactionalShare: { option: '--transactional', ...share },
  localSendShare: { option: '--local-send', ...share },
  people: { option: '--people', ...count },
  retentionDays: { option: '--retention', ...days },
  rememberSendsDays: { option: '--remember-sends', ...days },
  rememberDecisionsDays: { option: 'decisions.remember', ...days },
  streamDays: { option: 'queues.marketing_events.max_age', ...days },
};

/** Everything that is wrong with a load: which option, what it says, and what would be right. */
export function mistakesIn(load: Load): string[] {
  const all = Object.entries(ranges) as [keyof Load, Range][];
  return all
    .filter(([name, { from, to }]) => !(load[name] >= from && load[name] <= to))
    .map(([name, { option, right }]) => `${option}: ${load[name]} is out of range; right would be ${right}`);
}
