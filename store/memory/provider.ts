import type { ProviderState } from '../provider.ts';

/** Longer than one call to the provider takes. */
const canaryMs = 60_000;

/** `now`: what time it is, Unix ms. */
export function createProviderState(now: () => number): ProviderState {
  let acceptedAt: number | undefined;
  let canary: { tag: string; until: number } | undefined;
  return {
    async noteAccepted() {
      acceptedAt = now();
    },
    acceptedAt: async () => acceptedAt,
    async takeCanary(tag) {
      if (canary === undefined || canary.until <= now()) canary = { tag, until: now() + canaryMs };
      return canary.tag === tag;
    },
  };
}
