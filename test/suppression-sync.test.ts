import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';

import type { ActivityDependencies } from '../activities/dependencies.ts';
import type { Mailer } from '../activities/mailers/mailer.ts';
import { createSesMailer } from '../activities/mailers/ses.ts';
import { createSmtpMailer } from '../activities/mailers/smtp.ts';
import { type SyncReport, syncSuppressions } from '../activities/sync-suppressions.ts';
import { type SesStandIn, startSesStandIn } from '../local/ses/stand-in.ts';
import { createKeys } from '../state/keys.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import type { Suppression } from '../state/suppressions.ts';
import { person } from './support/events.ts';

const hour = 3_600_000;
const secret = 'ab'.repeat(32);
let redis: Redis;
let ses: SesStandIn;
let mailer: Mailer;
let memory: Memory;
let keyPrefix: string;
let deps: ActivityDependencies;
/** How often a call to SES waited for its turn. */
let turns: number;

beforeAll(async () => {
  redis = connectRedis(inject('servers').redis, () => {});
  await redisReady(redis);
});
afterAll(() => redis.disconnect());
beforeEach(async () => {
  ses = await startSesStandIn();
  for (const [name, value] of [
    ['AWS_ENDPOINT_URL', ses.url],
    ['AWS_REGION', 'eu-central-1'],
    ['AWS_ACCESS_KEY_ID', 'local'],
    ['AWS_SECRET_ACCESS_KEY', 'local'],
  ] as const)
    vi.stubEnv(name, value);
  turns = 0;
  const readingTurn = async () => void (turns += 1);
  mailer = createSesMailer({ configurationSet: 'rivulet', requestTimeoutMs: 10_000, concurrency: 5, readingTurn });
  keyPrefix = `sync-test-${randomUUID()}:`;
  memory = createMemory(redis, {
    keyPrefix,
    secret,
    rateLimit: 10,
    quotaReserve: 0.1,
    rememberSendsMs: 60_000,
  });
  deps = {
    memory,
    mailer,
    log: { info() {}, warn() {}, error() {} },
    metrics: { suppressions: { inc() {} } },
    settings: { complaintsStop: 'all' },
  } as unknown as ActivityDependencies;
});
afterEach(async () => {
  mailer.close();
  vi.unstubAllEnvs();
  vi.useRealTimers();
  await ses.close();
});

const nothing: SyncReport = {
  listed: 0,
  added: 0,
  known: 0,
  told: 0,
  not_told_unknown_address: 0,
  not_told_sandbox: 0,
  lifted_at_provider: 0,
};
const sync = (run: string = randomUUID(), beat: (report: SyncReport) => void = () => {}) =>
  syncSuppressions(deps, { run, beat });
const hashOf = ({ email }: { email: string }) => memory.addressHash(email);
const suppressionsOf = (who: { email: string }) => memory.suppressions.of(hashOf(who));
const requests = (operation: string) => ses.record.stats().requests[operation] ?? 0;
const listedAtSes = () =>
  ses.suppressionList
    .list({ reasons: [], from: 0, until: Infinity, pageSize: 1_000 })
    .entries.map(({ address, reason }) => `${reason} ${address}`)
    .toSorted();

/** Somebody whose address is known here. */
async function known(name: string) {
  const who = person(name);
  await memory.contacts.record(who.user_id, { email: who.email }, 1);
  return who;
}

/** What an operator's command does. */
async function operatorAdds(who: { email: string }, reason: Suppression['reason'], more: Partial<Suppression> = {}) {
  await memory.suppressions.add(hashOf(who), { reason, scope: 'all', since: 1, source: 'operator', ...more });
}
async function operatorRemoves(who: { email: string }, reason?: 'hard_bounce' | 'complaint') {
  await memory.suppressionSync.lift(hashOf(who), reason);
  await memory.suppressions.lift(hashOf(who), reason);
}

/** SES lists it as of some time ago. */
function listedSince(ago: number, { email }: { email: string }, reason: 'BOUNCE' | 'COMPLAINT' = 'BOUNCE') {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - ago });
  ses.suppressionList.put(email, reason);
  vi.useRealTimers();
}

describe("from SES's list", () => {
  it('a bounce and a complaint become suppressions here, as old as they are there', async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    listedSince(hour, ada);
    ses.suppressionList.put(grace.email.toUpperCase(), 'COMPLAINT');
    const { since } = ses.suppressionList.get(ada.email);
    expect(await sync()).toEqual({ ...nothing, listed: 2, added: 2 });
    expect(await suppressionsOf(ada)).toEqual([{ reason: 'hard_bounce', scope: 'all', since, source: 'provider' }]);
    expect(await suppressionsOf(grace)).toMatchObject([{ reason: 'complaint', scope: 'all', source: 'provider' }]);
    expect(await memory.facts.of(hashOf(ada))).toEqual([
      { at: since, what: 'suppressed', reason: 'hard_bounce', source: 'provider' },
    ]);
  });

  it('a complaint stops marketing alone where the configuration says so', async () => {
    deps.settings.complaintsStop = 'marketing';
    const ada = person('ada');
    ses.suppressionList.put(ada.email, 'COMPLAINT');
    await sync();
    expect(await memory.suppressions.reasonFor(hashOf(ada), 'transactional')).toBeUndefined();
    expect(await memory.suppressions.reasonFor(hashOf(ada), 'marketing')).toBe('complaint');
  });

  it('what is suppressed already stays as it is, and is never told back', async () => {
    const ada = await known('ada');
    await operatorAdds(ada, 'hard_bounce', { source: 'feedback' });
    ses.suppressionList.put(ada.email, 'BOUNCE');
    expect(await sync()).toEqual({ ...nothing, listed: 1, known: 1 });
    expect(await suppressionsOf(ada)).toMatchObject([{ since: 1, source: 'feedback' }]);
    expect(requests('PutSuppressedDestination')).toBe(0);
  });

  it('all pages of a long list come over, each when it is our turn', async () => {
    for (let i = 0; i < 2_345; i++) ses.suppressionList.put(`p${i}@example.com`, 'BOUNCE');
    expect(await sync()).toEqual({ ...nothing, listed: 2_345, added: 2_345 });
    expect(requests('ListSuppressedDestinations')).toBe(3);
    expect(turns).toBe(3);
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
    ses.faults.add({
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
    ses.faults.add({
      match: { operation: 'ListSuppressedDestinations' },
      every: page,
      times,
      action: { type: 'error', name: 'TooManyRequestsException', status: 429, message: 'slow down' },
    });
  beforeEach(() => {
    for (let i = 0; i < 2_500; i++) ses.suppressionList.put(`p${i}@example.com`, 'BOUNCE');
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
    await memory.consents.record(grace.user_id, {
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
    await memory.contacts.record(ada.user_id, { email: ada.email }, 1);
    expect(await sync()).toMatchObject({ told: 1, not_told_unknown_address: 0 });
    expect(listedAtSes()).toEqual([`COMPLAINT ${ada.email}`]);
  });

  it('goes nobody whose address is another by now', async () => {
    const ada = await known('ada');
    await operatorAdds(ada, 'hard_bounce');
    await memory.contacts.record(ada.user_id, { email: 'countess@example.com' }, 2);
    // Even where the old address still leads to them.
    await redis.sadd(createKeys(keyPrefix, secret).people(hashOf(ada)), ada.user_id);
    expect(await sync()).toEqual({ ...nothing, not_told_unknown_address: 1 });
  });

  it('goes nobody from the sandbox; they wait until the account is out of it', async () => {
    await operatorAdds(await known('ada'), 'hard_bounce');
    ses.faults.productionAccessEnabled = false;
    expect(await sync()).toEqual({ ...nothing, not_told_sandbox: 1 });
    expect(requests('PutSuppressedDestination')).toBe(0);
    ses.faults.productionAccessEnabled = true;
    expect(await sync()).toMatchObject({ told: 1, not_told_sandbox: 0 });
  });

  it('goes nobody who was lifted meanwhile', async () => {
    const ada = await known('ada');
    await operatorAdds(ada, 'hard_bounce');
    await memory.suppressions.lift(hashOf(ada));
    expect(await sync()).toEqual(nothing);
  });

  it('an address that SES refuses is left out, and the others go', async () => {
    ses.faults.add({
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
    expect(await memory.suppressionSync.lifts()).toEqual([]);
    // From here on only what is new is read again.
    expect(await sync()).toEqual(nothing);
  });

  it('comes back when SES lists it again after that', async () => {
    const ada = person('ada');
    ses.suppressionList.put(ada.email, 'BOUNCE');
    await sync();
    await operatorRemoves(ada);
    const [lift] = await memory.suppressionSync.lifts();
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Number(lift?.at)), { interval: 1 });
    ses.suppressionList.put(ada.email, 'BOUNCE');
    expect(await sync()).toEqual({ ...nothing, listed: 1, added: 1 });
    expect(await suppressionsOf(ada)).toHaveLength(1);
    expect(listedAtSes()).toHaveLength(1);
  });

  it('while a sync is reading is not brought back by the page that it has read before', async () => {
    const ada = person('ada');
    ses.suppressionList.put(ada.email, 'BOUNCE');
    const { suppressionList } = mailer;
    const list = { ...suppressionList, list: whileReading(suppressionList, () => operatorRemoves(ada)) };
    deps.mailer = { ...mailer, suppressionList: list as NonNullable<Mailer['suppressionList']> };
    expect(await sync()).toMatchObject({ listed: 1, added: 0 });
    expect(await suppressionsOf(ada)).toEqual([]);
    deps.mailer = mailer;
    expect(await sync()).toMatchObject({ lifted_at_provider: 1 });
  });

  it('for one reason leaves the other at SES, whether it is known here already or not', async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    ses.suppressionList.put(ada.email, 'COMPLAINT');
    await sync();
    ses.suppressionList.put(grace.email, 'COMPLAINT');
    await operatorRemoves(ada, 'hard_bounce');
    await operatorRemoves(grace, 'hard_bounce');
    expect(await sync()).toMatchObject({ known: 1, added: 1, lifted_at_provider: 0 });
    expect(listedAtSes()).toEqual([`COMPLAINT ${ada.email}`, `COMPLAINT ${grace.email}`]);
  });

  it('and then suppressed again for the same reason stays at SES', async () => {
    const ada = person('ada');
    ses.suppressionList.put(ada.email, 'BOUNCE');
    await sync();
    await operatorRemoves(ada);
    await operatorAdds(ada, 'hard_bounce');
    expect(await sync()).toMatchObject({ known: 1, lifted_at_provider: 0 });
    expect(listedAtSes()).toEqual([`BOUNCE ${ada.email}`]);
  });

  it('and then suppressed again for another reason is told to SES', async () => {
    const ada = await known('ada');
    ses.suppressionList.put(ada.email, 'COMPLAINT');
    await sync();
    await operatorRemoves(ada);
    await operatorAdds(ada, 'hard_bounce');
    expect(await sync()).toMatchObject({ told: 1 });
    expect(listedAtSes()).toEqual([`BOUNCE ${ada.email}`]);
  });

  it('is no failure when SES has forgotten it by itself', async () => {
    const ada = person('ada');
    ses.suppressionList.put(ada.email, 'BOUNCE');
    ses.faults.add({
      match: { operation: 'DeleteSuppressedDestination' },
      action: { type: 'error', name: 'NotFoundException', status: 404, message: 'does not exist' },
    });
    await operatorRemoves(ada);
    expect(await sync()).toMatchObject({ lifted_at_provider: 1 });
    expect(await memory.suppressionSync.lifts()).toEqual([]);
  });
});

it('a provider without a list has nothing to compare', async () => {
  await operatorAdds(await known('ada'), 'hard_bounce');
  const url = 'smtp://127.0.0.1:1';
  const smtp = createSmtpMailer({ requestTimeoutMs: 1_000, concurrency: 1, url });
  deps.mailer = smtp;
  expect(await sync()).toEqual(nothing);
  smtp.close();
});

it('what SES says is told without the address that it names', async () => {
  ses.faults.add({
    match: { operation: 'ListSuppressedDestinations' },
    action: { type: 'error', name: 'AccessDeniedException', status: 403, message: 'arn of ada@example.com is denied' },
  });
  await expect(sync()).rejects.toThrow('AccessDeniedException: arn of [address] is denied');
});

function whileReading(list: Mailer['suppressionList'], meanwhile: () => Promise<void>) {
  return async function* (since?: Date, from?: string) {
    for await (const page of list?.list(since, from) ?? []) {
      await meanwhile();
      yield page;
    }
  };
}
