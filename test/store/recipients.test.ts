import { describe, expect, it } from 'vitest';

import type { RecipientState } from '../../store/recipients.ts';
import { anAddress, day, implementations, monday } from '../support/people-stores.ts';

const streak: RecipientState = {
  softBounces: 2,
  softSince: monday,
  noDomain: 1,
  timeouts: 1,
  suppressedUntil: monday + day,
  seen: ['f1', 'f2'],
};
const none: RecipientState = { softBounces: 0, noDomain: 0, timeouts: 0, seen: [] };

describe.each(implementations)('recipient state in %s', (_, start) => {
  const stores = start();

  it('is recalled as it was remembered last', async () => {
    const { recipients, addressHash } = stores();
    const hash = addressHash(anAddress());
    expect(await recipients.recall(hash)).toBeUndefined();
    await recipients.remember(hash, none);
    await recipients.remember(hash, streak);
    expect(await recipients.recall(hash)).toEqual(streak);
  });

  it('tells a streak of bounces of either kind from none', async () => {
    const { recipients, addressHash } = stores();
    const hash = addressHash(anAddress());
    const hasStreak = async (state: RecipientState) => {
      await recipients.remember(hash, state);
      return recipients.hasStreak(hash);
    };
    expect(await recipients.hasStreak(hash)).toBe(false);
    expect(await hasStreak({ ...none, softBounces: 1 })).toBe(true);
    expect(await hasStreak(none)).toBe(false);
    expect(await hasStreak({ ...none, noDomain: 1 })).toBe(true);
  });

  it('does not count any more after 400 days', async () => {
    const { recipients, addressHash, ageRecipients } = stores();
    const hash = addressHash(anAddress());
    await recipients.remember(hash, streak);
    await ageRecipients(399 * day);
    expect([await recipients.recall(hash), await recipients.hasStreak(hash)]).toEqual([streak, true]);
    await ageRecipients(day);
    expect([await recipients.recall(hash), await recipients.hasStreak(hash)]).toEqual([undefined, false]);
  });

  it('leaves the suppressions of the address alone, and they leave it alone', async () => {
    const { recipients, suppressions, addressHash, addressVersion } = stores();
    const hash = addressHash(anAddress());
    await suppressions.add(hash, { reason: 'manual', scope: 'all', since: monday, source: 'operator' });
    const version = await addressVersion(hash);
    await recipients.remember(hash, streak);
    expect(await addressVersion(hash)).toBe(version);
    await suppressions.lift(hash);
    expect(await recipients.recall(hash)).toEqual(streak);
  });
});
