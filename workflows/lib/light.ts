import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

import type { Activities } from '../../activities/index.ts';
import { quickly } from './quickly.ts';

/** Short, idempotent activities: a few quick tries inside the current workflow turn. */
const here = proxyLocalActivities<Activities>({
  startToCloseTimeout: '3s',
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '50ms', backoffCoefficient: 3, maximumAttempts: 3 },
});

/** The same, for as long as it takes: an outage shows in Temporal UI and costs nobody their mail. */
const there = proxyActivities<Activities>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

type Light = Exclude<keyof Activities, 'sendEmail' | 'sendEmailInline'>;

/** An activity as both proxies have it. */
interface Call {
  executeWithOptions(options: { summary: string }, args: unknown[]): Promise<unknown>;
}

/**
 * Does a short, idempotent activity, quickly here, else patiently there. The summary is what Temporal UI shows.
 *
 *     const consent = await light('checkConsent', 'may u_42 get welcome?', 'welcome', 'u_42');
 */
export function light<Name extends Light>(
  name: Name,
  summary: string,
  ...args: Parameters<Activities[Name]>
): Promise<Awaited<ReturnType<Activities[Name]>>> {
  const by = (activities: unknown) => (activities as Record<Name, Call>)[name].executeWithOptions({ summary }, args);
  return quickly(
    () => by(here),
    () => by(there),
  ) as Promise<Awaited<ReturnType<Activities[Name]>>>;
}
