import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Mailer } from '../activities/mailers/mailer.ts';
import type { Logger } from '../runtime/log.ts';
import type { Memory } from '../state/memory.ts';
import type { Gate, Pause } from '../state/stops.ts';

export interface Watch {
  /** How many workers were alive a moment ago; for when Redis cannot be asked. */
  workers(): number;
  /** Gates and pauses as they stood a moment ago. */
  stops(): { gates: Gate[]; pauses: Pause[] };
  /** Mails per second that may leave, a moment ago. */
  perSecond(): number | undefined;
  end(): Promise<void>;
}

const everyMs = 1_000;

/**
 * What a worker does beside its work, once a second: says that it is alive, reads what the provider allows, and probes
 * closed gates. Readings and probes are shared out by Redis: one worker does each, and all of them together make at most
 * one reading call a second.
 */
export function watchProvider(
  memory: Pick<Memory, 'account' | 'stops' | 'workers'>,
  mailer: Pick<Mailer, 'readAccount' | 'isOver'>,
  probeEveryMs: number,
  log: Pick<Logger, 'info' | 'warn'>,
): Watch {
  const id = randomUUID();
  const end = new AbortController();
  let workers = 1;
  let stops: ReturnType<Watch['stops']> = { gates: [], pauses: [] };
  let perSecond: number | undefined;
  let told = '';

  const readAccount = async () => {
    if (!(await memory.account.readingIsDue(probeEveryMs))) return;
    try {
      const limits = await mailer.readAccount();
      if (limits) await memory.account.allowed(limits);
      told = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== told)
        log.warn({ detail: message }, 'what the provider allows cannot be read; the configured rate stands');
      told = message;
    }
  };

  const look = async () => {
    workers = await memory.workers.beat(id);
    const [gates, pauses] = await Promise.all([memory.stops.gates(), memory.stops.pauses()]);
    stops = { gates, pauses };
    await readAccount();
    perSecond = (await memory.account.state()).perSecond;
    for (const gate of gates) await probe(memory, mailer, gate, probeEveryMs, log);
  };

  const running = (async () => {
    while (!end.signal.aborted) {
      // Redis is away: nothing leaves, and the next look finds it again.
      await look().catch((error: unknown) => log.info({ err: error }, 'cannot look after the provider now'));
      await sleep(everyMs, undefined, { signal: end.signal }).catch(() => undefined);
    }
  })();

  return {
    workers: () => workers,
    stops: () => stops,
    perSecond: () => perSecond,
    async end() {
      end.abort();
      await running;
      await memory.workers.leave(id).catch(() => undefined);
    },
  };
}

async function probe(
  { stops }: Pick<Memory, 'stops'>,
  mailer: Pick<Mailer, 'isOver'>,
  gate: Gate,
  everyMs: number,
  log: Pick<Logger, 'info' | 'warn'>,
): Promise<void> {
  if (gate.opens === 'operator' || !(await stops.probeIsDue(gate, everyMs))) return;
  try {
    if (await mailer.isOver(gate)) {
      if (await stops.openProbed(gate))
        log.warn({ scope: gate.scope, since: gate.since }, 'gate opened: the trouble is over');
    } else await stops.probed(gate.scope, 'still so');
  } catch (error) {
    await stops.probed(gate.scope, (error as Error).message);
  }
}
