import { describe, expect, it } from 'vitest';

import type { Suppression } from '../../store/suppressions.ts';
import { anAddress, implementations, monday, type PeopleStores } from '../support/people-stores.ts';

const bounce: Suppression = { reason: 'hard_bounce', scope: 'all', since: monday, source: 'operator' };

async function unreported({ suppressionSync }: PeopleStores): Promise<string[]> {
  const pages: string[][] = [];
  for await (const page of suppressionSync.unreported()) pages.push(page);
  return pages.flat();
}

describe.each(implementations)('what is left to settle with the list of the provider, in %s', (_, start) => {
  const stores = start();
  const aHash = () => stores().addressHash(anAddress());

  it('are lifts, until a reading that saw them has come to its end', async () => {
    const { suppressionSync: sync } = stores();
    const [one, other] = [aHash(), aHash()];
    const before = await sync.now();
    await sync.lift(one);
    await sync.lift(other, 'hard_bounce');
    const lifts = await sync.lifts();
    expect(lifts).toHaveLength(2);
    expect(lifts).toEqual(
      expect.arrayContaining([
        { addressHash: one, at: expect.closeTo(before, -4) },
        { addressHash: other, reason: 'hard_bounce', at: expect.closeTo(before, -4) },
      ]),
    );
    for (const { at } of lifts) expect(at).toBeGreaterThanOrEqual(before);
    const late = aHash();
    await sync.lift(late); // after the reader has asked
    await sync.read(before, lifts);
    expect(await sync.lifts()).toMatchObject([{ addressHash: late }]);
    expect(await sync.lastRead()).toBe(before);
    await sync.read(before + 1, await sync.lifts());
    expect([await sync.lifts(), await sync.lastRead()]).toEqual([[], before + 1]);
  });

  it('a lift that is noted again while the list is read stays', async () => {
    const { suppressionSync: sync } = stores();
    const hash = aHash();
    await sync.lift(hash, 'complaint');
    const seen = await sync.lifts();
    await expect
      .poll(async () => {
        await sync.lift(hash, 'complaint');
        return (await sync.lifts())[0]?.at;
      })
      .not.toBe(seen[0]?.at);
    await sync.read(await sync.now(), seen);
    expect(await sync.lifts()).toHaveLength(1);
    await sync.read(await sync.now(), await sync.lifts());
  });

  it('are bounces and complaints that the provider cannot know, until they are reported', async () => {
    const { suppressions, suppressionSync: sync } = stores();
    const [one, other, known] = [aHash(), aHash(), aHash()];
    await suppressions.add(one, bounce);
    await suppressions.add(other, { ...bounce, reason: 'complaint', source: 'import' });
    await suppressions.add(known, { ...bounce, source: 'feedback' });
    await suppressions.add(known, { ...bounce, reason: 'complaint', source: 'provider' });
    for (const reason of ['manual', 'soft_bounces', 'invalid_address', 'provider_list'] as const)
      await suppressions.add(known, { ...bounce, reason });
    expect(await unreported(stores())).toEqual([one, other].toSorted());
    await sync.reported(one, ['hard_bounce']);
    expect(await unreported(stores())).toEqual([other]);
    await suppressions.lift(other);
    expect(await unreported(stores())).toEqual([]);
  });

  it('of two reasons only the reported one is settled', async () => {
    const { suppressions, suppressionSync: sync } = stores();
    const hash = aHash();
    await suppressions.add(hash, bounce);
    await suppressions.add(hash, { ...bounce, reason: 'complaint' });
    await sync.reported(hash, ['complaint']);
    expect(await unreported(stores())).toEqual([hash]);
    await sync.reported(hash, ['hard_bounce']);
    expect(await unreported(stores())).toEqual([]);
  });

  it('an extension here does not make a reason unreported again, or reported', async () => {
    const { suppressions, suppressionSync: sync } = stores();
    const [one, other] = [aHash(), aHash()];
    for (const hash of [one, other]) await suppressions.add(hash, { ...bounce, scope: 'marketing' });
    await sync.reported(one, ['hard_bounce']);
    for (const hash of [one, other]) await suppressions.add(hash, bounce);
    expect(await unreported(stores())).toEqual([other]);
  });

  it('the progress of a run is kept for its next attempt, and not for another run', async () => {
    const { suppressionSync: sync } = stores();
    expect(await sync.progress('run')).toBeUndefined();
    await sync.keepProgress('run', { startedAt: monday, next: 'page-2' });
    expect(await sync.progress('run')).toEqual({ startedAt: monday, next: 'page-2' });
    expect(await sync.progress('another')).toBeUndefined();
    await sync.keepProgress('another', { startedAt: monday });
    expect(await sync.progress('run')).toBeUndefined();
  });
});

describe.each(implementations)('before the first sync in %s', (_, start) => {
  const stores = start();

  it('nothing was ever read, and nothing is left to settle', async () => {
    const { suppressionSync: sync } = stores();
    expect([await sync.lastRead(), await sync.lifts(), await sync.progress('run')]).toEqual([undefined, [], undefined]);
    expect(await unreported(stores())).toEqual([]);
    await sync.keepProgress('run', {});
    expect(await sync.lastRead()).toBeUndefined();
  });
});
