/** The load that an installation has to carry. */
export interface Load {
  emailsPerDay: number;
  /** Journeys that are open at the same time; most of them are waiting. */
  openJourneys: number;
  emailsPerJourney: number;
  /** Emails per second in the busiest second, relative to the average of the day. */
  peakFactor: number;
  /** The share of emails that have a run of their own: receipts, confirmations. */
  transactionalShare: number;
  /** The share of emails that are sent inline; the others are queued. */
  inlineShare: number;
  /** Everyone in the record, whether or not they get email. */
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
  /** The allowed values, in words. */
  allowed: string;
}

/** More than all email worldwide: anything above is a typo. */
const most = 1e12;
const count = { from: 0, to: most, allowed: 'a number from 0 to 1000G, such as 100M' };
const days = { from: 1 / 24, to: 3_650, allowed: 'from 1h to 3650d, such as 30d' };
const share = { from: 0, to: 1, allowed: 'from 0% to 100%' };

const ranges: Record<keyof Load, Range> = {
  emailsPerDay: { option: '--emails-per-day', ...count },
  openJourneys: { option: '--journeys', ...count },
  emailsPerJourney: { option: '--emails-per-journey', from: 1, to: 1_000, allowed: 'from 1 to 1000' },
  peakFactor: { option: '--peak', from: 1, to: 86_400, allowed: 'from 1 (no peak) to 86400 (all within a second)' },
  transactionalShare: { option: '--transactional', ...share },
  inlineShare: { option: '--inline', ...share },
  people: { option: '--people', ...count },
  retentionDays: { option: '--retention', ...days },
  rememberSendsDays: { option: '--remember-sends', ...days },
  rememberDecisionsDays: { option: 'decisions.remember', ...days },
  streamDays: { option: 'queues.marketing_events.max_age', ...days },
};

/** Returns a sentence for each value out of range: option, value and what is allowed. */
export function problemsOf(load: Load): string[] {
  const all = Object.entries(ranges) as [keyof Load, Range][];
  return all
    .filter(([name, { from, to }]) => !(load[name] >= from && load[name] <= to))
    .map(([name, { option, allowed }]) => `${option}: ${load[name]} is out of range; use ${allowed}`);
}
