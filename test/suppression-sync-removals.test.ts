import { describe, expect, it, vi } from 'vitest';

import type { Mailer } from '../activities/mailers/mailer.ts';
import { person } from './support/events.ts';
import { hour, nothing, twoSuppressionLists } from './support/two-suppression-lists.ts';

const lists = twoSuppressionLists();
const { sync, suppressionsOf, listedAtSes, listedSince, known, operatorAdds, operatorRemoves } = lists;

describe('what an operator removed', () => {
  it("leaves SES's list too, however old the entry is, and does not come back", async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    listedSince(300 * 24 * hour, ada);
    listedSince(300 * 24 * hour, grace);
    await sync();
    await operatorRemoves(ada);
    expect(await sync()).toEqual({ ...nothing, listed: 2, known: 1, lifted_at_provider: 1 });
    expect(await suppressionsOf(ada)).toEqual([]);
    expect(listedAtSes()).toEqual([`BOUNCE ${grace.email}`]);
    expect(await lists.store.suppressionSync.lifts()).toEqual([]);
    // From here on only what is new is read again.
    expect(await sync()).toEqual(nothing);
  });

  it('comes back when SES lists it again after that', async () => {
    const ada = person('ada');
    lists.ses.suppressionList.put(ada.email, 'BOUNCE');
    await sync();
    await operatorRemoves(ada);
    const [lift] = await lists.store.suppressionSync.lifts();
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Number(lift?.at)), { interval: 1 });
    lists.ses.suppressionList.put(ada.email, 'BOUNCE');
    expect(await sync()).toEqual({ ...nothing, listed: 1, added: 1 });
    expect(await suppressionsOf(ada)).toHaveLength(1);
    expect(listedAtSes()).toHaveLength(1);
  });

  it('while a sync is reading is not brought back by the page that it has read before', async () => {
    const ada = person('ada');
    lists.ses.suppressionList.put(ada.email, 'BOUNCE');
    const { suppressionList } = lists.mailer;
    const list = { ...suppressionList, list: whileReading(suppressionList, () => operatorRemoves(ada)) };
    lists.deps.mailer = { ...lists.mailer, suppressionList: list as NonNullable<Mailer['suppressionList']> };
    expect(await sync()).toMatchObject({ listed: 1, added: 0 });
    expect(await suppressionsOf(ada)).toEqual([]);
    lists.deps.mailer = lists.mailer;
    expect(await sync()).toMatchObject({ lifted_at_provider: 1 });
  });

  it('for one reason leaves the other at SES, whether it is known here already or not', async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    lists.ses.suppressionList.put(ada.email, 'COMPLAINT');
    await sync();
    lists.ses.suppressionList.put(grace.email, 'COMPLAINT');
    await operatorRemoves(ada, 'hard_bounce');
    await operatorRemoves(grace, 'hard_bounce');
    expect(await sync()).toMatchObject({ known: 1, added: 1, lifted_at_provider: 0 });
    expect(listedAtSes()).toEqual([`COMPLAINT ${ada.email}`, `COMPLAINT ${grace.email}`]);
  });

  it('and then suppressed again for the same reason stays at SES', async () => {
    const ada = person('ada');
    lists.ses.suppressionList.put(ada.email, 'BOUNCE');
    await sync();
    await operatorRemoves(ada);
    await operatorAdds(ada, 'hard_bounce');
    expect(await sync()).toMatchObject({ known: 1, lifted_at_provider: 0 });
    expect(listedAtSes()).toEqual([`BOUNCE ${ada.email}`]);
  });

  it('and then suppressed again for another reason is told to SES', async () => {
    const ada = await known('ada');
    lists.ses.suppressionList.put(ada.email, 'COMPLAINT');
    await sync();
    await operatorRemoves(ada);
    await operatorAdds(ada, 'hard_bounce');
    expect(await sync()).toMatchObject({ told: 1 });
    expect(listedAtSes()).toEqual([`BOUNCE ${ada.email}`]);
  });

  it('is no failure when SES has forgotten it by itself', async () => {
    const ada = person('ada');
    lists.ses.suppressionList.put(ada.email, 'BOUNCE');
    lists.ses.faults.add({
      match: { operation: 'DeleteSuppressedDestination' },
      action: { type: 'error', name: 'NotFoundException', status: 404, message: 'does not exist' },
    });
    await operatorRemoves(ada);
    expect(await sync()).toMatchObject({ lifted_at_provider: 1 });
    expect(await lists.store.suppressionSync.lifts()).toEqual([]);
  });
});

function whileReading(list: Mailer['suppressionList'], meanwhile: () => Promise<void>) {
  return async function* (since?: Date, from?: string) {
    for await (const page of list?.list(since, from) ?? []) {
      await meanwhile();
      yield page;
    }
  };
}
