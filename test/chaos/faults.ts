import type { FaultAction, FaultPlan } from '../../local/ses/faults.ts';
import { count, type Counts } from './counts.ts';
import type { Caused } from './plan.ts';

/** `rivulet.yaml` of the run says 2 s. */
const pastTimeoutMs = 5_000;

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
  'stall, accepted': { action: { type: 'stall', ms: pastTimeoutMs, accept: true }, share: 0.01 },
  'stall, not accepted': { action: { type: 'stall', ms: pastTimeoutMs, accept: false }, share: 0.01 },
  /** SES takes the mail a second after the caller has given up. */
  'accepted late': { action: { type: 'slow', ms: 3_000 }, share: 0.01 },
} as const satisfies Record<string, Fault>;

export type FaultKind = keyof typeof faultKinds;

/** One rule for each person who is to meet a fault, good for one request; the seed alone says who meets which. */
export function arm(plan: FaultPlan, people: readonly Caused[]): void {
  for (const { fault, address } of people) {
    if (fault) plan.add({ match: { to: address }, times: 1, action: faultKinds[fault].action });
  }
}

/** How often each kind was acted out; the rules are still those that `arm` made. */
export function actedOut(plan: FaultPlan, people: readonly Caused[]): Counts<FaultKind> {
  const counts: Counts<FaultKind> = {};
  const { rules } = plan.describe();
  for (const [index, { fault }] of people.filter((person) => person.fault).entries()) {
    if (fault && rules[index]?.fired) count(counts, fault);
  }
  return counts;
}
