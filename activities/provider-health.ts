import type { Logger } from 'pino';

import { providerUnreliable } from '../store/stops.ts';
import type { Store } from '../store/store.ts';

/** What this worker knows of the provider from its own sends, shared with the others by way of the store. */
export interface ProviderHealth {
  /** The provider has accepted an email of this worker. */
  accepted(): void;
  /** It answered in a way that does not say whether it accepted one. Several in a row close the gate `provider`. */
  ambiguous(): Promise<void>;
  /** Whether any worker's email was accepted after this instant (Unix ms, the database's clock). */
  acceptedSince(at: number): Promise<boolean>;
  /** Makes this email the one that tries the provider out, if there is none now. */
  takeCanary(tag: string): Promise<boolean>;
  /** Whether this email may pass the closed gate `provider`, because it is the one that tries. */
  isCanary(tag: string): Promise<boolean>;
}

/** So many ambiguous answers in a row, without an accepted email, and the provider is not tried with any other. */
const mostInARow = 5;

interface HealthDependencies {
  store: Pick<Store, 'provider' | 'stops'>;
  log: Pick<Logger, 'error'>;
  /** The gate `provider`, as this worker last saw it. `ready`: reading calls work again, and one email may try. */
  gate: () => 'open' | 'closed' | 'ready';
}

/** One for each worker. */
export function createProviderHealth({ store, log, gate }: HealthDependencies): ProviderHealth {
  let inARow = 0;
  return {
    accepted() {
      inARow = 0;
      void store.provider.noteAccepted().catch(() => undefined); // only ever too cautious: the next one notes it
      if (gate() !== 'open') void store.stops.open('provider').catch(() => undefined); // the canary arrived
    },
    async ambiguous() {
      inARow += 1;
      if (inARow < mostInARow) return;
      const halt = {
        scope: 'provider',
        reason: providerUnreliable,
        detail: `${inARow} sends in a row ended without an answer that says whether the email was accepted`,
        opens: 'probe',
      } as const;
      if (await store.stops.close(halt).catch(() => false)) log.error({ ...halt }, 'gate.closed');
    },
    acceptedSince: async (at) => ((await store.provider.acceptedAt()) ?? -Infinity) > at,
    takeCanary: (tag) => store.provider.takeCanary(tag),
    isCanary: async (tag) => gate() === 'ready' && store.provider.takeCanary(tag),
  };
}
