import { ingresses, type Target, workers } from './targets.ts';

/** A time limit in the product. Trouble that is shorter than it takes other paths than trouble that is longer. */
interface Window {
  about: string;
  /** What has the trouble: one of these at a time. */
  targets: readonly (Target | 'provider')[];
  ms: number;
}

/** `rivulet.yaml` of the run says so. */
export const requestTimeoutMs = 2_000;

const windows: readonly Window[] = [
  { about: 'renewal of a claim', targets: workers, ms: 1_000 },
  { about: 'heartbeat of a consumer', targets: ['nats'], ms: 1_000 },
  { about: 'request to SES', targets: ['provider'], ms: requestTimeoutMs },
  { about: 'command of Redis', targets: ['redis'], ms: 2_000 },
  { about: 'statement of Postgres', targets: ['postgres'], ms: 5_000 },
  { about: 'start of a run', targets: ['temporal'], ms: 8_000 },
  { about: 'ack_wait', targets: ingresses, ms: 10_000 },
];

const factors = [0.5, 2, 10] as const;

/** Trouble as long as half of a window, twice or ten times it. */
export interface Outage {
  target: Target | 'provider';
  ms: number;
  label: string;
}

/** One of each length for each window that is no longer than this. `pick` chooses who is in trouble. */
export function outages(longestWindowMs: number, pick: <T>(list: readonly T[]) => T): Outage[] {
  return windows
    .filter(({ ms }) => ms <= longestWindowMs)
    .flatMap(({ about, targets, ms }) =>
      factors.map((factor) => {
        const target = pick(targets);
        return { target, ms: factor * ms, label: `${about} (${target}): ${(factor * ms) / 1_000} s = ${factor}x` };
      }),
    );
}
