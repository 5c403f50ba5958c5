import type { FaultAction, FaultPlan } from '../../local/ses/faults.ts';
import { count, type Counts } from './counts.ts';
import type { Person } from './people.ts';
import { requestTimeoutMs } from './windows.ts';

const pastTimeoutMs = 2.5 * requestTimeoutMs;

interface Fault {
  action: FaultAction;
  /** The part of the mails whose first request meets it. */
  share: number;
}

/** What SES does wrong while things break. */
export const faultKinds = {
  throttle: {
    action: { type: 'error', name: 'TooManyRequestsException', status: 429, message: 'Maximum sending rate exceeded.' },
    share: 0.003, // each slows all down by 15 % for a minute
  },
  unavailable: {
    action: { type: 'error', name: 'ServiceUnavailable', status: 503, message: 'Service unavailable.' },
    share: 0.01,
  },
  'reset before accept': { action: { type: 'reset-before-accept' }, share: 0.01 },
  'reset after accept': { action: { type: 'reset-after-accept' }, share: 0.01 },
  'reset mid-reply': { action: { type: 'reset-mid-reply' }, share: 0.01 },
  'broken body': { action: { type: 'broken-body' }, share: 0.01 },
  /** What begins with a 200 is accepted. */
  'headers, no body': { action: { type: 'headers-only', accept: true }, share: 0.01 },
  'half a body, then silence': { action: { type: 'half-body' }, share: 0.01 },
  'stall, accepted': { action: { type: 'stall', ms: pastTimeoutMs, accept: true }, share: 0.01 },
  'stall, not accepted': { action: { type: 'stall', ms: pastTimeoutMs, accept: false }, share: 0.01 },
  /** SES takes the mail a second after the caller has given up. */
  'accepted late': { action: { type: 'slow', ms: 1.5 * requestTimeoutMs }, share: 0.01 },
} as const satisfies Record<string, Fault>;

export type FaultKind = keyof typeof faultKinds;

/** What SES does to every email for a while. What it is asked otherwise, as by the probe of a gate, it answers. */
export const providerTroubles = {
  unavailable: faultKinds.unavailable.action,
  'half-answers': { type: 'headers-only', accept: true },
  silence: { type: 'stall', ms: pastTimeoutMs, accept: false },
} as const satisfies Record<string, FaultAction>;

export type ProviderTrouble = keyof typeof providerTroubles;

/** One rule for each person who is to meet a fault, good for one request; the seed alone says who meets which. */
export function arm(plan: FaultPlan, people: readonly Person[]): void {
  for (const { fault, address } of people) {
    if (fault) plan.add({ match: { to: address }, times: 1, action: faultKinds[fault].action });
  }
}

/** How often each kind was acted out. */
export function actedOut(plan: FaultPlan, people: readonly Person[]): Counts<FaultKind> {
  const counts: Counts<FaultKind> = {};
  const met = new Set(plan.describe().rules.flatMap(({ match, fired }) => (fired > 0 ? [match?.to] : [])));
  for (const { fault, address } of people) if (fault && met.has(address)) count(counts, fault);
  return counts;
}
