import { setTimeout as sleep } from 'node:timers/promises';

import type { Connection, ConnectionLike } from '@temporalio/client';

/** How long calls in progress may continue on a connection after it is replaced, in ms. */
const graceMs = 30_000;

/** A connection to Temporal whose certificates or API key can be replaced while a client uses it. */
export interface RenewableConnection extends ConnectionLike {
  /** New calls use this one. The old one is closed once calls in progress have had time to end. */
  replace(next: Connection): void;
}

export function renewable(first: Connection): RenewableConnection {
  let current = first;
  return {
    get workflowService() {
      return current.workflowService;
    },
    get operatorService() {
      return current.operatorService;
    },
    get plugins() {
      return current.plugins;
    },
    ensureConnected: () => current.ensureConnected(),
    close: () => current.close(),
    withDeadline: (deadline, call) => current.withDeadline(deadline, call),
    withMetadata: (metadata, call) => current.withMetadata(metadata, call),
    withAbortSignal: (signal, call) => current.withAbortSignal(signal, call),
    replace(next) {
      const old = current;
      current = next;
      void sleep(graceMs, undefined, { ref: false }).then(() => old.close());
    },
  };
}
