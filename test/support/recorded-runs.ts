import { waitFor } from '../../activities/failures.ts';
import type { Activities } from '../../activities/index.ts';
import { sampleOf } from '../../cli/sample.ts';
import { type EventType, eventTypes } from '../../events/index.ts';
import type { RecipientFeedback } from '../../events/recipient-feedback.ts';
import { type Route, routes } from '../../ingress/routes.ts';

const day = 86_400;
const dayMs = day * 1_000;
const noon = Date.UTC(2026, 10, 24, 12);

/** One way through a journey, to be recorded as a real run. */
export interface RecordedRun {
  journey: string;
  /** What is special about it: the name of its file. */
  shape: string;
  /** Nothing for `recipient`: no event starts it, and what it is told is no event either. */
  startedBy?: EventType;
  payload?: object;
  /** Ada, unless something is decided by who it is. */
  user?: string;
  /** Activities that do not succeed as usual; made for each run. */
  activities?: () => Partial<Activities>;
  /** What happens so many seconds after the start: an event, or, without a signal, a cancellation. */
  scenario?: { after: number; signal?: EventType | 'feedback'; payload?: object }[];
}

/** Where people are in the middle of a journey, one for each way that its code may go. Add one when a journey gets a branch. */
const written: RecordedRun[] = [
  { journey: 'onboarding', shape: 'dormant', startedBy: 'user.signed_up', payload: { plan: 'pro' } },
  {
    journey: 'onboarding',
    shape: 'activated-on-day-2',
    startedBy: 'user.signed_up',
    scenario: [{ after: 2 * day, signal: 'project.created', payload: { project_id: 'p_1' } }],
  },
  {
    journey: 'onboarding',
    shape: 'no-consent',
    startedBy: 'user.signed_up',
    activities: () => ({ sendEmailInline: async ({ template }) => ({ outcome: 'no_consent', template }) }),
  },
  { journey: 'onboarding', shape: 'outage', startedBy: 'user.signed_up', activities: awayAtFirst },
  { journey: 'onboarding', shape: 'slot-far-away', startedBy: 'user.signed_up', activities: slotFarAway },
  { journey: 'onboarding', shape: 'quiet-hours', startedBy: 'user.signed_up', activities: deferredOnce },
  { journey: 'onboarding', shape: 'left', startedBy: 'user.signed_up', scenario: [{ after: 2 * day }] },
  { journey: 'receipt', shape: 'sent', startedBy: 'order.completed' },
  { journey: 'cart-recovery', shape: 'lost', startedBy: 'cart.abandoned', payload: { cart_id: 'c_1', total: 25 } },
  {
    journey: 'cart-recovery',
    shape: 'dear-and-recovered',
    startedBy: 'cart.abandoned',
    payload: { cart_id: 'c_1', total: 500 },
    scenario: [
      { after: day, signal: 'order.completed', payload: { cart_id: 'c_2' } },
      { after: 3 * day, signal: 'order.completed', payload: { cart_id: 'c_1' } },
    ],
  },
  {
    journey: 'cart-recovery',
    shape: 'ordered-while-the-mail-waited',
    startedBy: 'cart.abandoned',
    payload: { cart_id: 'c_1', total: 25 },
    activities: deferredOnce,
    scenario: [{ after: 6 * 3_600, signal: 'order.completed', payload: { cart_id: 'c_1' } }],
  },
  {
    journey: 'cart-recovery',
    shape: 'ordered-while-the-provider-was-away',
    startedBy: 'cart.abandoned',
    payload: { cart_id: 'c_1', total: 25 },
    activities: () => ({
      sendEmailInline: async () => ({ outcome: 'queued', version: 'v', wait: providerAway }),
      sendEmail: async () => Promise.reject(waitFor(providerAway.ms, providerAway.type, providerAway.message)),
    }),
    scenario: [{ after: 6 * 3_600, signal: 'order.completed', payload: { cart_id: 'c_1' } }],
  },
  {
    journey: 'trial-ending',
    shape: 'ended',
    startedBy: 'trial.started',
    payload: { trial_ends_at: noon + 400 * dayMs },
  },
  {
    journey: 'trial-ending',
    shape: 'extended',
    startedBy: 'trial.started',
    payload: { trial_ends_at: noon + 400 * dayMs },
    scenario: [{ after: 30 * day, signal: 'trial.extended', payload: { trial_ends_at: noon + 500 * dayMs } }],
  },
  { journey: 'trial-ending', shape: 'long-over', startedBy: 'trial.started', payload: { trial_ends_at: noon - dayMs } },
  { journey: 'win-back', shape: 'gone', startedBy: 'user.became_inactive' },
  {
    journey: 'win-back',
    shape: 'returned',
    startedBy: 'user.became_inactive',
    scenario: [{ after: 5 * day, signal: 'user.returned' }],
  },
  { journey: 'win-back', shape: 'holdout', startedBy: 'user.became_inactive', user: 'grace' },
  { journey: 'double-opt-in', shape: 'unconfirmed', startedBy: 'consent.requested' },
  {
    journey: 'double-opt-in',
    shape: 'confirmed',
    startedBy: 'consent.requested',
    scenario: [{ after: day, signal: 'consent.granted', payload: { request: 'double-opt-in_confirmed' } }],
  },
  {
    journey: 'recipient',
    shape: 'suppressed-for-weeks',
    scenario: [{ after: 60, signal: 'feedback', payload: softBounces() }],
  },
];

/** Those, and the plain way of each journey that has none written. */
export function recordedRuns(): RecordedRun[] {
  const named = new Set(written.map(({ journey }) => journey));
  const others = (Object.entries(routes) as [EventType, Route][])
    .filter(([, { starts }]) => !named.has(starts))
    .map(([startedBy, { starts }]) => ({
      journey: starts,
      shape: 'plain',
      startedBy,
      payload: sampleOf(eventTypes[startedBy]),
    }));
  return [...written, ...others];
}

const providerAway = { ms: dayMs, type: 'ProviderUnavailable', message: 'away' } as const;

/** Redis is unavailable for the inline attempts, and available for the queued ones. */
function awayAtFirst(): Partial<Activities> {
  let tries = 0;
  return {
    async sendEmailInline({ template }) {
      if (++tries <= 3) throw new Error('away');
      return { outcome: 'sent', template };
    },
  };
}

/** Every email waits for its slot on the queue. */
function slotFarAway(): Partial<Activities> {
  const wait = { ms: 5_000, type: 'WaitingForSlot', message: 'its slot comes in 5000 ms' } as const;
  return { sendEmailInline: async () => ({ outcome: 'queued', version: 'v', wait }) };
}

/** The first email is asked for twelve hours before its send window opens. */
function deferredOnce(): Partial<Activities> {
  let asked = 0;
  return {
    async sendEmailInline({ template }) {
      const until = Date.now() + 12 * 3_600_000;
      return ++asked > 1 ? { outcome: 'sent', template } : { outcome: 'deferred', until, version: 'v', template };
    },
  };
}

/** So many, for so long, that the address is suppressed for a while. */
function softBounces(): RecipientFeedback[] {
  const bounce = { kind: 'bounce', type: 'transient', sub_type: 'MailboxFull' } as const;
  return [16, 12, 8, 4, 0].map((days) => ({ ...bounce, id: `f_${days}`, at: Date.now() - days * dayMs }));
}
