/** Every workflow that Temporal loads, by name. */
export { onboarding } from './journeys/onboarding.ts';
export { receipt } from './journeys/receipt.ts';
export { recipient } from './recipient.ts';
