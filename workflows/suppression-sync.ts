import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';

import type { Activities, SyncReport } from '../activities/index.ts';

/**
 * Reading a long list takes minutes, and telling many addresses hours: the provider takes one call a second. A worker that
 * dies is noticed by its missing heartbeat, and the next attempt goes on where it was.
 */
const { syncSuppressions } = proxyActivities<Activities>({
  startToCloseTimeout: '2 days',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '10s', backoffCoefficient: 2, maximumInterval: '15 minutes' },
});

/** Compares our suppressions with the provider's list and with their mirror in Redis; a schedule of the worker starts it. */
export async function suppressionSync(): Promise<SyncReport> {
  setCurrentDetails("The provider's suppression list is being read; the activity's heartbeat shows how far.");
  const report = await syncSuppressions();
  setCurrentDetails(describe(report));
  return report;
}

function describe(report: SyncReport): string {
  return [
    `- read from the provider's list: ${report.listed}; new here: ${report.added}, known: ${report.known}`,
    `- taken off it: ${report.lifted_at_provider}`,
    `- told to it: ${report.told}`,
    `- not told: ${report.not_told_unknown_address} whose address nobody has, ${report.not_told_sandbox} for the sandbox`,
    `- written to the mirror in Redis: ${report.mirrored}`,
  ].join('\n');
}
