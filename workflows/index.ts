/** Every workflow that Temporal loads, by name. */
export { doubleOptIn as 'double-opt-in' } from './journeys/double-opt-in.ts';
export { onboarding } from './journeys/onboarding.ts';
export { receipt } from './journeys/receipt.ts';
export { recipient } from './recipient.ts';
export { suppressionSync } from './suppression-sync.ts';
