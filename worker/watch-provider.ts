import { setTimeout as sleep } from 'node:timers/promises';

import type { Mailer } from '../activities/mailers/mailer.ts';
import { ReadingError } from '../activities/mailers/provider-error.ts';
import type { Logger } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';
import type { Gate, Pause } from '../store/stops.ts';

export interface Watch {
  /** Gates and pauses as they stood a moment ago. */
  stops(): { gates: Gate[]; pauses: Pause[] };
  /** The gate that closes when the provider does not say whether it accepts. `ready`: one email may try again. */
  providerGate(): 'open' | 'closed' | 'ready';
  /** Mails per second that may leave, a moment ago. */
  perSecond(): number | undefined;
  end(): Promise<void>;
}

const everyMs = 1_000;

/**
 * What a worker does beside its work, once a second: reads what the provider allows, and probes closed gates. One worker does
 * each, and all of them together make at most one reading call a second.
 */
export function watchProvider(
  store: Pick<Store, 'account' | 'stops'>,
  mailer: Pick<Mailer, 'readAccount' | 'isOver'>,
  probeEveryMs: number,
  log: Pick<Logger, 'info' | 'warn'>,
): Watch {
  const end = new AbortController();
  let stops: ReturnType<Watch['stops']> = { gates: [], pauses: [] };
  let perSecond: number | undefined;
  let told = '';
  let failed = '';

  const readAccount = async () => {
    if (!(await store.account.readingIsDue(probeEveryMs))) return;
    try {
      const limits = await mailer.readAccount();
      if (limits) await store.account.allowed(limits);
      told = '';
    } catch (error) {
      const message = inOurWords(error);
      if (message !== told)
        log.warn({ detail: message }, 'what the provider allows cannot be read; the configured rate stands');
      told = message;
    }
  };

  const look = async () => {
    const [gates, pauses] = await Promise.all([store.stops.gates(), store.stops.pauses()]);
    stops = { gates, pauses };
    await readAccount();
    perSecond = (await store.account.state()).perSecond;
    for (const gate of gates) await probe(store, mailer, gate, probeEveryMs, log);
  };

  const running = (async () => {
    while (!end.signal.aborted) {
      // A server is unavailable: nothing is sent, and the next round finds it again.
      await look().then(
        () => (failed = ''),
        (error: unknown) => {
          const { message } = error as Error;
          if (message !== failed) log.warn({ err: error }, 'provider.watch_failed');
          failed = message;
        },
      );
      await sleep(everyMs, undefined, { signal: end.signal }).catch(() => undefined);
    }
  })();

  return {
    stops: () => stops,
    perSecond: () => perSecond,
    providerGate() {
      const gate = stops.gates.find(({ scope }) => scope === 'provider');
      return gate === undefined ? 'open' : gate.ready ? 'ready' : 'closed';
    },
    async end() {
      end.abort();
      await running;
    },
  };
}

async function probe(
  { stops }: Pick<Store, 'stops'>,
  mailer: Pick<Mailer, 'isOver'>,
  gate: Gate,
  everyMs: number,
  log: Pick<Logger, 'info' | 'warn'>,
): Promise<void> {
  if (gate.opens === 'operator' || !(await stops.probeIsDue(gate, everyMs))) return;
  try {
    if ((await mailer.isOver(gate)) && gate.scope === 'provider') {
      // Reading calls work. Whether sends do is for one email to find out.
      await stops.probed(gate.scope, 'reading calls work; one email at a time tries', { ready: true });
    } else if (await mailer.isOver(gate)) {
      if (await stops.openProbed(gate))
        log.warn({ scope: gate.scope, since: gate.since }, 'gate opened: the trouble is over');
    } else await stops.probed(gate.scope, 'still so');
  } catch (error) {
    await stops.probed(gate.scope, inOurWords(error));
  }
}

/** What a probe said stands on `/readyz`, in gates and in logs: nothing that anybody else wrote. */
function inOurWords(error: unknown): string {
  return error instanceof ReadingError ? error.message : 'it could not be asked';
}
