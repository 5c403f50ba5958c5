import type { EventType } from '../events/index.ts';
import type * as workflows from '../workflows/index.ts';

/** A journey as ingress sees it. */
export interface Route {
  /** The journey that the event starts: the name of a workflow. Rivulet's own are for nobody's events. */
  starts: Exclude<keyof typeof workflows, 'recipient' | 'suppressionSync'>;
  /** Its mails are transactional: its tasks go before those of marketing journeys in every queue. */
  transactional?: true;
  /** What the mails of a marketing journey are about: who opts out of it leaves the journey. */
  topic?: string;
  /** What the journey listens for while it runs. */
  listensFor?: readonly EventType[];
}

/** Which event starts which journey, and what that journey listens for. An event without a route starts nothing. */
export const routes: Partial<Record<EventType, Route>> = {
  'user.signed_up': { starts: 'onboarding', topic: 'onboarding', listensFor: ['project.created'] },
  'order.completed': { starts: 'receipt', transactional: true },
  'cart.abandoned': { starts: 'cart-recovery', topic: 'offers', listensFor: ['order.completed'] },
  'trial.started': { starts: 'trial-ending', topic: 'onboarding', listensFor: ['trial.extended'] },
  'user.became_inactive': { starts: 'win-back', topic: 'offers', listensFor: ['user.returned'] },
  'consent.requested': { starts: 'double-opt-in', transactional: true, listensFor: ['consent.granted'] },
};

/** Whether any journey listens for events of this type. */
export function isListenedFor(type: EventType): boolean {
  return Object.values(routes).some((route) => route.listensFor?.includes(type));
}
