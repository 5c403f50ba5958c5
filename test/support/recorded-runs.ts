import type { Activities } from '../../activities/index.ts';
import type { EventType } from '../../events/index.ts';
import { routes } from '../../ingress/routes.ts';

const day = 86_400;
const noon = Date.UTC(2026, 10, 24, 12);

/** One way through a journey, to be recorded as a real run. */
export interface RecordedRun {
  journey: string;
  /** What is special about it: the name of its file. */
  shape: string;
  startedBy: EventType;
  payload?: object;
  /** What the world answers otherwise than that all is well; made anew for each run. */
  world?: () => Partial<Activities>;
  /** So many seconds after the start an event comes, or the run is cancelled. */
  meanwhile?: { after: number; signal?: EventType; payload?: object }[];
}

/** Where people are in the middle of a journey, one for each way that its code may go. Add one when a journey gets a branch. */
const written: RecordedRun[] = [
  { journey: 'onboarding', shape: 'dormant', startedBy: 'user.signed_up', payload: { plan: 'pro' } },
  {
    journey: 'onboarding',
    shape: 'activated-on-day-2',
    startedBy: 'user.signed_up',
    meanwhile: [{ after: 2 * day, signal: 'project.created', payload: { project_id: 'p_1' } }],
  },
  {
    journey: 'onboarding',
    shape: 'no-consent',
    startedBy: 'user.signed_up',
    world: () => ({ checkConsent: async () => 'no_consent' }),
  },
  { journey: 'onboarding', shape: 'outage', startedBy: 'user.signed_up', world: awayAtFirst },
  { journey: 'onboarding', shape: 'quiet-hours', startedBy: 'user.signed_up', world: deferredOnce },
  { journey: 'onboarding', shape: 'left', startedBy: 'user.signed_up', meanwhile: [{ after: 2 * day }] },
  { journey: 'receipt', shape: 'sent', startedBy: 'order.completed' },
  { journey: 'cart-recovery', shape: 'lost', startedBy: 'cart.abandoned', payload: { cart_id: 'c_1', total: 25 } },
  {
    journey: 'cart-recovery',
    shape: 'dear-and-recovered',
    startedBy: 'cart.abandoned',
    payload: { cart_id: 'c_1', total: 500 },
    meanwhile: [
      { after: day, signal: 'order.completed', payload: { cart_id: 'c_2' } },
      { after: 3 * day, signal: 'order.completed', payload: { cart_id: 'c_1' } },
    ],
  },
  {
    journey: 'cart-recovery',
    shape: 'ordered-while-the-mail-waited',
    startedBy: 'cart.abandoned',
    payload: { cart_id: 'c_1', total: 25 },
    world: deferredOnce,
    meanwhile: [{ after: 6 * 3_600, signal: 'order.completed', payload: { cart_id: 'c_1' } }],
  },
  {
    journey: 'trial-ending',
    shape: 'ended',
    startedBy: 'trial.started',
    payload: { trial_ends_at: noon + 400 * day * 1_000 },
  },
  {
    journey: 'trial-ending',
    shape: 'extended',
    startedBy: 'trial.started',
    payload: { trial_ends_at: noon + 400 * day * 1_000 },
    meanwhile: [{ after: 30 * day, signal: 'trial.extended', payload: { trial_ends_at: noon + 500 * day * 1_000 } }],
  },
  { journey: 'trial-ending', shape: 'long-over', startedBy: 'trial.started', payload: { trial_ends_at: noon - day } },
  { journey: 'win-back', shape: 'gone', startedBy: 'user.became_inactive' },
  {
    journey: 'win-back',
    shape: 'returned',
    startedBy: 'user.became_inactive',
    meanwhile: [{ after: 5 * day, signal: 'user.returned' }],
  },
  { journey: 'double-opt-in', shape: 'unconfirmed', startedBy: 'consent.requested' },
  {
    journey: 'double-opt-in',
    shape: 'confirmed',
    startedBy: 'consent.requested',
    meanwhile: [{ after: day, signal: 'consent.granted', payload: { request: 'double-opt-in_confirmed' } }],
  },
];

/** Those, and the plain way of each journey that has none written. */
export function recordedRuns(): RecordedRun[] {
  const named = new Set(written.map(({ journey }) => journey));
  const others = (Object.keys(routes) as EventType[])
    .map((startedBy) => ({ startedBy, journey: String(routes[startedBy]?.starts), shape: 'plain' }))
    .filter(({ journey }) => !named.has(journey));
  return [...written, ...others];
}

/** Redis is away for the quick tries, and back when the patient ones begin. */
function awayAtFirst(): Partial<Activities> {
  let tries = 0;
  return {
    async checkConsent() {
      if (++tries <= 3) throw new Error('away');
      return 'may_send';
    },
  };
}

/** The first mail comes at an hour at which it may not leave, twelve hours before it may. */
function deferredOnce(): Partial<Activities> {
  let asked = 0;
  return {
    async sendEmail() {
      return ++asked > 1 ? { outcome: 'sent' } : { outcome: 'deferred', until: Date.now() + 12 * 3_600_000 };
    },
  };
}
