import type { Lane } from '../slots.ts';

/**
 * The names of all keys in Redis, each with what ends it. Nothing in them is worth keeping: any of them may be lost at any time.
 * Those of the rate limit have a hash tag, `{rate}`: a script touches several, which a Cluster allows within one slot only.
 */
export interface RedisKeys {
  /** What the provider allows, and how much of it is used. Ends a day after the last reading or throttle. */
  account(): string;
  /** Held by the worker that reads the provider. Ends when the next reading is due. */
  turn(of: 'account' | 'reading'): string;
  /** When the provider last accepted an email. Ends after an hour. */
  accepted(): string;
  /** The email that tries whether the provider works again. Ends after a minute. */
  canary(): string;
  /** The instant up to which slots were used. Ends a second after it. */
  pace(): string;
  /** Booked slots. Each ends when it is used, or a second after its time; all of them a minute after the last. */
  slots(): string;
  /** Emails that wait for a slot. Each ends with its slot, or two seconds after it was expected; all a minute after the last. */
  queue(lane: Lane): string;
  /** When they are expected to ask again. Ends with them. */
  expected(lane: Lane): string;
  /** How many emails are held. Ends a minute after the last of them should have asked again. */
  parked(lane: Lane): string;
}

export function createRedisKeys(prefix: string): RedisKeys {
  const rate = `${prefix}{rate}:`;
  return {
    account: () => `${rate}account`,
    turn: (of) => `${rate}turn:${of}`,
    accepted: () => `${prefix}provider:accepted`,
    canary: () => `${prefix}provider:canary`,
    pace: () => `${rate}pace`,
    slots: () => `${rate}slots`,
    queue: (lane) => `${rate}${lane}`,
    expected: (lane) => `${rate}expected-${lane}`,
    parked: (lane) => `${rate}held-${lane}`,
  };
}
