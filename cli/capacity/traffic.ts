import type { Figures } from './costs.ts';
import type { Load } from './load.ts';

const secondsPerDay = 86_400;

/** What a load amounts to in a day. */
export interface Traffic {
  emailsPerDay: number;
  queuedEmailsPerDay: number;
  /** Runs of one email, and journeys of several. */
  transactionalRunsPerDay: number;
  journeysPerDay: number;
  runsPerDay: number;
  /** A journey waits between its emails: once less than it sends. */
  waitsPerDay: number;
  feedbackPerDay: number;
  emailsPerSecondAverage: number;
  emailsPerSecondPeak: number;
  /** How long a journey is open on average, if it starts as often as it ends; absent when none starts. */
  journeyDays?: number;
}

export function trafficOf(load: Load, figures: Figures): Traffic {
  const { emailsPerDay, transactionalShare, emailsPerJourney, peakFactor, openJourneys } = load;
  const transactionalRunsPerDay = emailsPerDay * transactionalShare;
  const journeysPerDay = (emailsPerDay - transactionalRunsPerDay) / emailsPerJourney;
  const emailsPerSecondAverage = emailsPerDay / secondsPerDay;
  return {
    emailsPerDay,
    queuedEmailsPerDay: emailsPerDay * (1 - load.inlineShare),
    transactionalRunsPerDay,
    journeysPerDay,
    runsPerDay: transactionalRunsPerDay + journeysPerDay,
    waitsPerDay: journeysPerDay * (emailsPerJourney - 1),
    feedbackPerDay: emailsPerDay * figures.feedbackEvents,
    emailsPerSecondAverage,
    emailsPerSecondPeak: emailsPerSecondAverage * peakFactor,
    ...(journeysPerDay > 0 && { journeyDays: openJourneys / journeysPerDay }),
  };
}

/** What one run, one email, one queued email (in addition) and one wait take of something. */
export interface Shares {
  run?: number;
  email?: number;
  queued?: number;
  wait?: number;
}

/** The sum of a day. */
export function perDay(traffic: Traffic, { run = 0, email = 0, queued = 0, wait = 0 }: Shares): number {
  const { runsPerDay, emailsPerDay, queuedEmailsPerDay, waitsPerDay } = traffic;
  return runsPerDay * run + emailsPerDay * email + queuedEmailsPerDay * queued + waitsPerDay * wait;
}

/** Turns a number a day into numbers a second: average and peak. */
export function perSecond(daily: number, { peakFactor }: Load): { average: number; peak: number } {
  return { average: daily / secondsPerDay, peak: (daily / secondsPerDay) * peakFactor };
}
