import type { RecordSettings } from '../runtime/record.ts';
import type { Logger } from '../runtime/log.ts';
import { maintainRecord } from '../store/postgres/maintenance.ts';

const everyMs = 3_600_000;

/** Creates the partitions of the months to come and drops those that are over, once an hour, until it is ended. */
export function keepRecord({ server, retention }: RecordSettings, log: Pick<Logger, 'warn'>): { end(): void } {
  const timer = setInterval(() => {
    maintainRecord(server, retention).catch((error: unknown) => log.warn({ err: error }, 'record.maintenance_failed'));
  }, everyMs);
  timer.unref();
  return { end: () => clearInterval(timer) };
}
