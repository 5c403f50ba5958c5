import type { Figures } from './costs.ts';
import { limits } from './limits.ts';
import type { Load } from './load.ts';
import { busyCores, withRoom } from './processes.ts';
import { perSecond, type Traffic } from './traffic.ts';

/** Redis has rate slots and caches only: nothing in it grows with time. */
export interface RedisNeeds {
  /** While a backlog of `limits.backlogHours` waits for slots. */
  bytes: number;
  callsPerSecondPeak: number;
  /** Of the one core that a primary can use. */
  busyShare: number;
  /** Installations that this would take, since each has one primary. */
  installations: number;
}

export function redisNeeds(load: Load, { emailsPerDay }: Traffic, figures: Figures): RedisNeeds {
  const { redisMs, redisCalls, waitingBytes, redisBaseBytes } = figures;
  const busyShare = busyCores(emailsPerDay * redisMs, load);
  return {
    bytes: redisBaseBytes + (emailsPerDay / 24) * limits.backlogHours * waitingBytes,
    callsPerSecondPeak: perSecond(emailsPerDay * redisCalls, load).peak,
    busyShare,
    installations: withRoom(busyShare),
  };
}
