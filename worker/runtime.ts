import { DefaultLogger, Runtime } from '@temporalio/worker';

import type { Logger } from '../runtime/log.ts';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Temporal's SDK logs through our log, so that its lines are scrubbed and structured too. Before any worker is made. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (message.startsWith('No workflows registered')) return; // so it is meant: one worker only sends
      const { error, ...fields } = meta ?? {};
      log[levels[level]]({ ...fields, ...(error !== undefined && { err: error }) }, message);
    }),
    // The process stops its workers itself, in its own order.
    shutdownSignals: [],
  });
}
