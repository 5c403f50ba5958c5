/**
 * Every template a journey may send. Journeys are checked against this list by the compiler, and the worker checks that
 * each one exists and compiles before it takes work.
 */
export const templateNames = [
  'receipt',
  'welcome',
  'first-project',
  'invite-team',
  'confirm-subscription',
  'cart-reminder',
  'cart-advice',
  'trial-ends-soon',
  'trial-ends-tomorrow',
  'we-miss-you',
  'last-word',
] as const;

export type TemplateName = (typeof templateNames)[number];
