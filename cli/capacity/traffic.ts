import type { Figures } from './costs.ts';
import type { Load } from './load.ts';

const secondsPerDay = 86_400;

/** What a load makes happen in a day, whoever then does it. */
export interface Traffic {
  mailsPerDay: number;
  patientMailsPerDay: number;
  /** One-mail runs, and journeys of several mails. */
  transactionalRunsPerDay: number;
  journeysPerDay: number;
  runsPerDay: number;
  /** A journey waits between its mails, so once less than it mails. */
  waitsPerDay: number;
  feedbackPerDay: number;
  mailsPerSecondAverage: number;
  mailsPerSecondPeak: number;
  /** How long a journey is open on average, if it starts as often as it ends; absent when none starts. */
  journeyDays?: number;
}

export function trafficOf(load: Load, figures: Figures): Traffic {
  const { emailsPerDay: mailsPerDay, transactionalShare, mailsPerJourney, peakFactor, openJourneys } = load;
  const transactionalRunsPerDay = mailsPerDay * transactionalShare;
  const journeysPerDay = (mailsPerDay - transactionalRunsPerDay) / mailsPerJourney;
  const mailsPerSecondAverage = mailsPerDay / secondsPerDay;
  return {
    mailsPerDay,
    patientMailsPerDay: mailsPerDay * (1 - load.localSendShare),
    transactionalRunsPerDay,
    journeysPerDay,
    runsPerDay: transactionalRunsPerDay + journeysPerDay,
    waitsPerDay: journeysPerDay * (mailsPerJourney - 1),
    feedbackPerDay: mailsPerDay * figures.feedbackEvents,
    mailsPerSecondAverage,
    mailsPerSecondPeak: mailsPerSecondAverage * peakFactor,
    ...(journeysPerDay > 0 && { journeyDays: openJourneys / journeysPerDay }),
  };
}

/** What one run, one mail, the patience of one mail and one wait take of something. */
export interface Shares {
  run?: number;
  mail?: number;
  patience?: number;
  wait?: number;
}

/** All of it in a day. */
export function perDay(traffic: Traffic, { run = 0, mail = 0, patience = 0, wait = 0 }: Shares): number {
  const { runsPerDay, mailsPerDay, patientMailsPerDay, waitsPerDay } = traffic;
  return runsPerDay * run + mailsPerDay * mail + patientMailsPerDay * patience + waitsPerDay * wait;
}

/** Of what happens so often in a day, how often in a second: on average, and at the peak. */
export function perSecond(daily: number, { peakFactor }: Load): { average: number; peak: number } {
  return { average: daily / secondsPerDay, peak: (daily / secondsPerDay) * peakFactor };
}
