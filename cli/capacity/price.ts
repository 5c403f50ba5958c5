/** Temporal Cloud's price of Actions, Business plan: dollars for a million, up to so many million in a month. */
const tiers = [
  { upToMillions: 5, dollars: 50 },
  { upToMillions: 10, dollars: 45 },
  { upToMillions: 20, dollars: 40 },
  { upToMillions: 50, dollars: 35 },
  { upToMillions: 100, dollars: 30 },
  { upToMillions: 200, dollars: 25 },
] as const;

const lastTier = tiers[tiers.length - 1]!;

export const activeDollarsPerGbHour = 0.042;
export const retainedDollarsPerGbHour = 0.00105;

/** Where the list ends and a price is negotiated. */
export const listEndsAtActions = lastTier.upToMillions * 1e6;

/** Dollars for the Actions of one month; beyond the end of the list at the price of its last tier. */
export function dollarsForActions(actions: number): number {
  const millions = actions / 1e6;
  let [paid, dollars] = [0, 0];
  for (const tier of tiers) {
    const inTier = Math.max(0, Math.min(millions, tier.upToMillions) - paid);
    dollars += inTier * tier.dollars;
    paid += inTier;
  }
  return dollars + Math.max(0, millions - paid) * lastTier.dollars;
}
