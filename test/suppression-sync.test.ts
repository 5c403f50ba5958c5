import { beforeEach, describe, expect, it } from 'vitest';

import { createSmtpMailer } from '../activities/mailers/smtp.ts';
import type { SyncReport } from '../activities/sync-suppressions.ts';
import { configSchema } from '../config/schema.ts';
import { scheduleSuppressionSync } from '../worker/schedules.ts';
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
    expect(await lists.store.facts({ address_hash: hashOf(ada) })).toMatchObject([
      { at: since, what: 'suppressed', details: { reason: 'hard_bounce', source: 'provider' } },
    ]);
  });

  it('a complaint stops marketing alone where the configuration says so', async () => {
    lists.deps.settings.complaintsStop = 'marketing';
    const ada = person('ada');
    lists.ses.suppressionList.put(ada.email, 'COMPLAINT');
    await sync();
    expect(await lists.store.suppressions.reasonFor(hashOf(ada), 'transactional')).toBeUndefined();
    expect(await lists.store.suppressions.reasonFor(hashOf(ada), 'marketing')).toBe('complaint');
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

  it('a page is not a thousand changes at the same time, which would leave sends without a connection', async () => {
    for (let i = 0; i < 100; i++) lists.ses.suppressionList.put(`p${i}@example.com`, 'BOUNCE');
    const { suppressions } = lists.store;
    let [underWay, most] = [0, 0];
    const add: typeof suppressions.add = async (...change) => {
      most = Math.max(most, ++underWay);
      return suppressions.add(...change).finally(() => (underWay -= 1));
    };
    lists.deps.store.suppressions = { ...suppressions, add };
    expect(await sync()).toMatchObject({ added: 100 });
    expect(most).toBe(4);
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
    await expect(sync()).rejects.toThrow('InternalServiceErrorException (500)');
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
    await expect(sync('one-run', ({ listed }) => beats.push(listed))).rejects.toThrow('TooManyRequestsException (429)');
    expect(await sync('one-run', ({ listed }) => beats.push(listed))).toMatchObject({ listed: 2_500, added: 2_500 });
    expect(beats).toEqual([1_000, 2_000, 2_500]);
    expect(requests('ListSuppressedDestinations')).toBe(4);
  });

  it('begins anew when SES does not know that page any more', async () => {
    failAt(2, 1);
    await expect(sync('one-run')).rejects.toThrow('TooManyRequestsException (429)');
    const stop = failAt(1);
    await expect(sync('one-run')).rejects.toThrow('TooManyRequestsException (429)');
    stop();
    expect(await sync('one-run')).toMatchObject({ listed: 2_500, added: 1_500, known: 1_000 });
  });

  it('of another run is nobody to go on from', async () => {
    failAt(2);
    await expect(sync('one-run')).rejects.toThrow('TooManyRequestsException (429)');
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
    await lists.store.consents.record(grace.user_id, {
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
    await lists.store.contacts.record(ada.user_id, { email: ada.email }, 1);
    expect(await sync()).toMatchObject({ told: 1, not_told_unknown_address: 0 });
    expect(listedAtSes()).toEqual([`COMPLAINT ${ada.email}`]);
  });

  it('goes nobody whose address is another by now', async () => {
    const ada = await known('ada');
    await operatorAdds(ada, 'hard_bounce');
    await lists.store.contacts.record(ada.user_id, { email: 'countess@example.com' }, 2);
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
    await lists.store.suppressions.lift(hashOf(ada));
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

describe('the mirror in Redis', () => {
  const mirrorOf = (pages: number[]) => ({
    write: async () => {},
    async reconcile(onPage: (written: number) => void = () => {}) {
      for (const written of pages) onPage(written);
      return pages.at(-1) ?? 0;
    },
  });

  it('is compared after the list of SES, and the report and each heartbeat say how far', async () => {
    lists.ses.suppressionList.put(person('ada').email, 'BOUNCE');
    lists.deps.store.suppressionMirror = mirrorOf([1_000, 1_203]);
    const beats: number[] = [];
    const report = await sync('one-run', ({ mirrored }) => beats.push(mirrored));
    expect(report).toEqual({ ...nothing, listed: 1, added: 1, mirrored: 1_203 });
    expect(beats.slice(-2)).toEqual([1_000, 1_203]);
  });

  it('is compared for a provider without a list too', async () => {
    lists.deps.mailer = { ...lists.mailer, suppressionList: undefined } as unknown as typeof lists.mailer;
    lists.deps.store.suppressionMirror = mirrorOf([3]);
    expect(await sync()).toEqual({ ...nothing, mirrored: 3 });
  });

  it.each([
    ['smtp', 'postgres', 0],
    ['smtp', 'redis', 1],
    ['ses', 'postgres', 1],
  ] as const)('with provider %s and storage %s the worker makes %s schedules', async (type, storage, count) => {
    const made: unknown[] = [];
    const schedule = { create: async (options: unknown) => void made.push(options) };
    const config = configSchema.parse({ provider: { type }, suppression: { storage } });
    await scheduleSuppressionSync({ schedule } as never, config, { info() {}, error() {} });
    expect(made).toHaveLength(count);
  });
});

it('of what SES answers, its name and a sentence of ours are kept, and no word of its own', async () => {
  lists.ses.faults.add({
    match: { operation: 'ListSuppressedDestinations' },
    action: { type: 'error', name: 'AccessDeniedException', status: 403, message: 'arn of ada@example.com is denied' },
  });
  const failure = await sync().catch((error: Error) => error.message);
  expect(failure).toContain('AccessDeniedException (403)');
  expect(failure).not.toMatch(/ada|arn|denied$/);
});
