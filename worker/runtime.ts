import { DefaultLogger, Runtime } from '@temporalio/worker';

import type { Logger } from '../runtime/log.ts';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Temporal's SDK logs through our log, so that its lines are scrubbed and structured too. Before any worker is made. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (message.startsWith('No workflows registered')) return; // so it is meant: one worker only sends
      const { error, ...fields } = meta ?? {};
      const hint = mayNotFit(message, meta) && { what_to_do: whatToDo };
      log[levels[level]]({ ...fields, ...(error !== undefined && { err: error }), ...hint }, message);
    }),
    // What the SDK's native half has to say, such as that a run's history does not fit the code, comes the same way.
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
    // The process stops its workers itself, in its own order.
    shutdownSignals: [],
  });
}

/** A run waits, and its task is tried again, until code comes that fits. */
const whatToDo =
  'This run was begun by other code and cannot follow the change. It waits, and nothing is lost: undo the change, or guard it with patched(). See docs/changing-journeys.md.';

function mayNotFit(message: string, facts: object | undefined): boolean {
  return /TMPRL1100|nondeterminis/i.test(`${message} ${JSON.stringify(facts)}`);
}
