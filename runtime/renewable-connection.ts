import { setTimeout as sleep } from 'node:timers/promises';

import type { Connection, ConnectionLike } from '@temporalio/client';

/** Calls that are under way when a connection is replaced may take so long on the old one, in ms. */
const graceMs = 30_000;

/** A connection to Temporal whose certificates or API key can be replaced under a client that goes on using it. */
export interface RenewableConnection extends ConnectionLike {
  /** Calls from now on use this one. The old one is closed once what is under way on it has had time to end. */
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
