import type { ActivityDependencies } from '../activities/dependencies.ts';
import { waitFor } from '../activities/failures.ts';
import type { Send } from '../activities/send.ts';
import { runMain } from '../runtime/stop-signal.ts';
import { runWorker } from '../worker/run-worker.ts';
import { isQueuedUser } from './queued-user.ts';

// The product's worker, but inline attempts for marked people find no capacity: their emails are queued and do not wait there.
await runMain(() => runWorker(withoutInlineCapacity));

function withoutInlineCapacity(deps: ActivityDependencies): ActivityDependencies {
  const { sends } = deps.store;
  return {
    ...deps,
    store: {
      ...deps.store,
      sends: {
        ...sends,
        async look(email) {
          const { attempt } = email as Partial<Send>; // a send has one; a check of consent alone has none
          if (attempt?.way === 'inline' && isQueuedUser(email.user))
            throw waitFor(1, 'NoCapacityHere', 'the bench wants this email queued');
          return sends.look(email);
        },
      },
    },
  };
}
