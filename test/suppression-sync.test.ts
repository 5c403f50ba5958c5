import { beforeEach, describe, expect, it } from 'vitest';

import { createSmtpMailer } from '../activities/mailers/smtp.ts';
import type { SyncReport } from '../activities/sync-suppressions.ts';
import { person } from './support/events.ts';
import { hour, nothing, twoSuppressionLists } from './support/two-suppression-lists.ts';

const lists = twoSuppressionLists();
const { sync, hashOf, suppressionsOf, requests, listedAtSes, listedSince, known, operatorAdds } = lists;

describe("from SES's list", () => {
  it('a bounce and a complaint become suppressions here, as old as they are there', async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    listedSince(hour, ada);
    lists.ses.suppressionList.put(grace.email.toUpperCase(), 'COMPLAINT');
    const { since } = lists.ses.suppressionList.get(ada.email);
    expect(await sync()).toEqual({ ...nothing, listed: 2, added: 2 });
    expect(await suppressionsOf(ada)).toEqual([{ reason: 'hard_bounce', scope: 'all', since, source: 'provider' }]);
    expect(await suppressionsOf(grace)).toMatchObject([{ reason: 'complaint', scope: 'all', source: 'provider' }]);
    expect(await lists.memory.facts.of(hashOf(ada))).toEqual([
      { at: since, what: 'suppressed', reason: 'hard_bounce', source: 'provider' },
    ]);
  });

  it('a complaint stops marketing alone where the configuration says so', async () => {
    lists.deps.settings.complaintsStop = 'marketing';
    const ada = person('ada');
    lists.ses.suppressionList.put(ada.email, 'COMPLAINT');
    await sync();
    expect(await lists.memory.suppressions.reasonFor(hashOf(ada), 'transactional')).toBeUndefined();
    expect(await lists.memory.suppressions.reasonFor(hashOf(ada), 'marketing')).toBe('complaint');
  });

  it('what is suppressed already stays as it is, and is never told back', async () => {
    const ada = await known('ada');
    await operatorAdds(ada, 'hard_bounce', { source: 'feedback' });
    lists.ses.suppressionList.put(ada.email, 'BOUNCE');
    expect(await sync()).toEqual({ ...nothing, listed: 1, known: 1 });
    expect(await suppressionsOf(ada)).toMatchObject([{ since: 1, source: 'feedback' }]);
    expect(requests('PutSuppressedDestination')).toBe(0);
  });

  it('all pages of a long list come over, each when it is our turn', async () => {
    for (let i = 0; i < 2_345; i++) lists.ses.suppressionList.put(`p${i}@example.com`, 'BOUNCE');
    expect(await sync()).toEqual({ ...nothing, listed: 2_345, added: 2_345 });
    expect(requests('ListSuppressedDestinations')).toBe(3);
    expect(lists.turns).toBe(3);
  });

  it('the next time only what is new is read, and an hour more, since clocks differ', async () => {
    await sync();
    const [ada, grace] = [person('ada'), person('grace')];
    listedSince(hour / 2, ada);
    listedSince(3 * hour, grace);
    expect(await sync()).toEqual({ ...nothing, listed: 1, added: 1 });
    expect(await suppressionsOf(ada)).toHaveLength(1);
    expect(await suppressionsOf(grace)).toEqual([]);
  });

  it('a sync that did not come to its end is not the last one', async () => {
    lists.ses.faults.add({
      match: { operation: 'ListSuppressedDestinations' },
      times: 1,
      action: { type: 'error', name: 'InternalServiceErrorException', status: 500, message: 'try again' },
    });
    const ada = person('ada');
    listedSince(3 * hour, ada);
    await expect(sync()).rejects.toThrow('try again');
    expect(await sync()).toMatchObject({ listed: 1, added: 1 });
  });
});

describe('an attempt that dies', () => {
  const failAt = (page: number, times = 1) =>
    lists.ses.faults.add({
      match: { operation: 'ListSuppressedDestinations' },
      every: page,
      times,
      action: { type: 'error', name: 'TooManyRequestsException', status: 429, message: 'slow down' },
    });
  beforeEach(() => {
    for (let i = 0; i < 2_500; i++) lists.ses.suppressionList.put(`p${i}@example.com`, 'BOUNCE');
  });

  it('is followed by one that goes on with the page it died on', async () => {
    failAt(2);
    const beats: number[] = [];
    await expect(sync('one-run', ({ listed }) => beats.push(listed))).rejects.toThrow('slow down');
    expect(await sync('one-run', ({ listed }) => beats.push(listed))).toMatchObject({ listed: 2_500, added: 2_500 });
    expect(beats).toEqual([1_000, 2_000, 2_500]);
    expect(requests('ListSuppressedDestinations')).toBe(4);
  });

  it('begins anew when SES does not know that page any more', async () => {
    failAt(2, 1);
    await expect(sync('one-run')).rejects.toThrow('slow down');
    const stop = failAt(1);
    await expect(sync('one-run')).rejects.toThrow('slow down');
    stop();
    expect(await sync('one-run')).toMatchObject({ listed: 2_500, added: 1_500, known: 1_000 });
  });

  it('of another run is nobody to go on from', async () => {
    failAt(2);
    await expect(sync('one-run')).rejects.toThrow('slow down');
    expect(await sync('another-run')).toMatchObject({ listed: 2_500, added: 1_500, known: 1_000 });
  });

  it('while it tells SES has told whom it told, and the list is not read again', async () => {
    const [ada, grace] = [await known('ada'), await known('grace')];
    await operatorAdds(ada, 'hard_bounce');
    await operatorAdds(grace, 'hard_bounce');
    const dies = ({ told }: SyncReport) => {
      if (told === 1) throw new Error('the worker is stopped');
    };
    await expect(sync('one-run', dies)).rejects.toThrow('the worker is stopped');
    expect(requests('PutSuppressedDestination')).toBe(1);
    expect(await sync('one-run')).toMatchObject({ listed: 2_500, told: 2 });
    expect(requests('PutSuppressedDestination')).toBe(2);
    expect(requests('ListSuppressedDestinations')).toBe(3);
  });
});

describe("to SES's list", () => {
  it('go bounces and complaints that it cannot know, once', async () => {
    const [ada, grace] = [await known('ada'), await known('grace')];
    await operatorAdds(ada, 'hard_bounce', { source: 'import' });
    await operatorAdds(grace, 'hard_bounce');
    await operatorAdds(grace, 'complaint');
    expect(await sync()).toEqual({ ...nothing, told: 2 });
    expect(listedAtSes()).toEqual([`BOUNCE ${ada.email}`, `COMPLAINT ${grace.email}`]);
    expect(await sync()).toMatchObject({ told: 0, not_told_unknown_address: 0 });
    expect(requests('PutSuppressedDestination')).toBe(2);
  });

  it('goes nothing else: it would stop receipts too', async () => {
    const all = ['manual', 'soft_bounces', 'invalid_address', 'provider_list'] as const;
    for (const reason of all) await operatorAdds(await known('ada'), reason);
    const grace = await known('grace');
    await operatorAdds(grace, 'hard_bounce', { source: 'feedback' });
    await operatorAdds(grace, 'complaint', { source: 'provider' });
    await lists.memory.consents.record(grace.user_id, {
      id: 'unsubscribed',
      state: 'revoked',
      consent: { topics: ['*'] },
      at: 1,
    });
    expect(await sync()).toEqual(nothing);
    expect(requests('PutSuppressedDestination')).toBe(0);
    expect(listedAtSes()).toEqual([]);
  });

  it('goes nobody whose address nobody here has; they go once somebody has it', async () => {
    const ada = person('ada');
    await operatorAdds(ada, 'complaint');
    expect(await sync()).toEqual({ ...nothing, not_told_unknown_address: 1 });
    await lists.memory.contacts.record(ada.user_id, { email: ada.email }, 1);
    expect(await sync()).toMatchObject({ told: 1, not_told_unknown_address: 0 });
    expect(listedAtSes()).toEqual([`COMPLAINT ${ada.email}`]);
  });

  it('goes nobody whose address is another by now', async () => {
    const ada = await known('ada');
    await operatorAdds(ada, 'hard_bounce');
    await lists.memory.contacts.record(ada.user_id, { email: 'countess@example.com' }, 2);
    // Even where the old address still leads to them.
    await lists.redis.sadd(lists.keys.people(hashOf(ada)), ada.user_id);
    expect(await sync()).toEqual({ ...nothing, not_told_unknown_address: 1 });
  });

  it('goes nobody from the sandbox; they wait until the account is out of it', async () => {
    await operatorAdds(await known('ada'), 'hard_bounce');
    lists.ses.faults.productionAccessEnabled = false;
    expect(await sync()).toEqual({ ...nothing, not_told_sandbox: 1 });
    expect(requests('PutSuppressedDestination')).toBe(0);
    lists.ses.faults.productionAccessEnabled = true;
    expect(await sync()).toMatchObject({ told: 1, not_told_sandbox: 0 });
  });

  it('goes nobody who was lifted meanwhile', async () => {
    const ada = await known('ada');
    await operatorAdds(ada, 'hard_bounce');
    await lists.memory.suppressions.lift(hashOf(ada));
    expect(await sync()).toEqual(nothing);
  });

  it('an address that SES refuses is left out, and the others go', async () => {
    lists.ses.faults.add({
      match: { operation: 'PutSuppressedDestination' },
      times: 1,
      action: { type: 'error', name: 'BadRequestException', status: 400, message: 'Invalid email address' },
    });
    await operatorAdds(await known('ada'), 'hard_bounce');
    await operatorAdds(await known('grace'), 'hard_bounce');
    expect(await sync()).toMatchObject({ told: 1 });
    expect(await sync()).toMatchObject({ told: 0 });
    expect(requests('PutSuppressedDestination')).toBe(2);
  });
});

it('a provider without a list has nothing to compare', async () => {
  await operatorAdds(await known('ada'), 'hard_bounce');
  const url = 'smtp://127.0.0.1:1';
  const smtp = createSmtpMailer({ requestTimeoutMs: 1_000, concurrency: 1, url });
  lists.deps.mailer = smtp;
  expect(await sync()).toEqual(nothing);
  smtp.close();
});

it('what SES says is told without the address that it names', async () => {
  lists.ses.faults.add({
    match: { operation: 'ListSuppressedDestinations' },
    action: { type: 'error', name: 'AccessDeniedException', status: 403, message: 'arn of ada@example.com is denied' },
  });
  await expect(sync()).rejects.toThrow('AccessDeniedException: arn of [address] is denied');
});
