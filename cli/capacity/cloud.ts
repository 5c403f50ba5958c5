import type { Figures } from './costs.ts';
import type { Load } from './load.ts';
import { activeDollarsPerGbHour, dollarsForActions, listEndsAtActions, retainedDollarsPerGbHour } from './price.ts';
import { perDay, perSecond, type Traffic } from './traffic.ts';

/** A month of the model, so that months can be compared. */
const daysPerMonth = 30;
const hoursPerMonth = daysPerMonth * 24;

/** The same on Temporal Cloud, without the plan's fee and what it includes. */
export interface CloudNeeds {
  actionsPerMonth: number;
  actionsPerSecondAverage: number;
  actionsPerSecondPeak: number;
  actionsDollarsPerMonth: number;
  /** Above the end of the price list: its last price is used. */
  negotiated: boolean;
  activeStorageDollarsPerMonth: number;
  retainedStorageDollarsPerMonth: number;
  dollarsPerMonth: number;
}

export function cloudNeeds(
  load: Load,
  traffic: Traffic,
  figures: Figures,
  { openBytes, closedBytes }: { openBytes: number; closedBytes: number },
): CloudNeeds {
  const actionsPerDay = perDay(traffic, {
    run: figures.runActions,
    email: figures.emailActions,
    queued: figures.queuedActions,
    wait: figures.waitActions,
  });
  const perMonth = actionsPerDay * daysPerMonth;
  const { average, peak } = perSecond(actionsPerDay, load);
  const dollars = {
    actionsDollarsPerMonth: dollarsForActions(perMonth),
    activeStorageDollarsPerMonth: gbHours(openBytes) * activeDollarsPerGbHour,
    retainedStorageDollarsPerMonth: gbHours(closedBytes) * retainedDollarsPerGbHour,
  };
  return {
    actionsPerMonth: perMonth,
    actionsPerSecondAverage: average,
    actionsPerSecondPeak: peak,
    negotiated: perMonth > listEndsAtActions,
    ...dollars,
    dollarsPerMonth: Object.values(dollars).reduce((sum, part) => sum + part, 0),
  };
}

function gbHours(bytes: number): number {
  return (bytes / 1e9) * hoursPerMonth;
}
