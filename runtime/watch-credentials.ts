import { createHash } from 'node:crypto';

import type { Logger } from './log.ts';
import { type TemporalOptions, temporalConnectOptions, type TemporalSettings } from './temporal-options.ts';

/** How often files of certificates and keys are read again, in ms. */
export const renewalCheckMs = 30_000;

/**
 * Calls `renew` with the new options whenever Temporal's certificates, keys or API key have changed on disk. Incomplete or
 * invalid files are logged once, and the previous credentials stay in use. A `renew` that fails is retried.
 */
export function watchCredentials(
  settings: Pick<TemporalSettings, 'address'>,
  renew: (options: TemporalOptions) => Promise<void>,
  log: Pick<Logger, 'info' | 'warn'>,
  everyMs = renewalCheckMs,
): { stop(): void } {
  let inUse = fingerprintOf(temporalConnectOptions(settings));
  let logged = '';
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    try {
      const options = temporalConnectOptions(settings);
      const found = fingerprintOf(options);
      if (found !== inUse) {
        await renew(options);
        inUse = found;
        log.info('temporal.credentials_renewed');
      }
      logged = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== logged) log.warn({ err: error }, 'temporal.credentials_not_renewed');
      logged = message;
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

function fingerprintOf(options: TemporalOptions): string {
  return createHash('sha256').update(JSON.stringify(options)).digest('hex');
}
