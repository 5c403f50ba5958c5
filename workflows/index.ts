/** Every workflow that Temporal loads, by name. */
export { cartRecovery as 'cart-recovery' } from './journeys/cart-recovery.ts';
export { doubleOptIn as 'double-opt-in' } from './journeys/double-opt-in.ts';
export { onboarding } from './journeys/onboarding.ts';
export { receipt } from './journeys/receipt.ts';
export { recipient } from './recipient.ts';
export { suppressionSync } from './suppression-sync.ts';
export { trialEnding as 'trial-ending' } from './journeys/trial-ending.ts';
export { winBack as 'win-back' } from './journeys/win-back.ts';
