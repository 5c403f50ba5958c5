import { randomUUID } from 'node:crypto';

import { beforeEach, describe, expect, it, vi } from 'vitest';

import { configSchema } from '../config/schema.ts';
import { checkJourneySettings } from '../ingress/entry/check-settings.ts';
import { createEntry } from '../ingress/entry/enter.ts';
import { routes } from '../ingress/routes.ts';
import { createKeys } from '../state/keys.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { event } from './support/events.ts';
import { redisOfThisFile } from './support/scene.ts';

const redis = redisOfThisFile();
let memory: Memory;
let ada: string;
const settings = { keyPrefix: `entries-test-${randomUUID()}:`, secret: 'ab'.repeat(32), rateLimit: 1, quotaReserve: 0 };
const isRunning = vi.fn<(id: string, since: number) => Promise<boolean>>();

beforeEach(() => {
  memory = createMemory(redis(), { ...settings, rememberSendsMs: 60_000 });
  ada = `ada_${randomUUID()}`;
  isRunning.mockReset().mockResolvedValue(true);
});

const day = 86_400_000;
const route = routes['cart.abandoned'];
const cart = (cart_id = 'c_1', timestamp = Date.now()) =>
  event('cart.abandoned', ada, { cart_id, total: 25, currency: 'EUR' }, { timestamp }) as never;

/** One ingress with these settings of cart-recovery. */
function ingress(own: object | undefined) {
  const config = configSchema.parse({ journeys: own ? { 'cart-recovery': own } : {} });
  return createEntry({ memory, config: () => config, isRunning });
}

const enters = async (entry: ReturnType<typeof ingress>, cart: never) => (await entry.decide(cart, route, 0)).enters;

describe('a decision', () => {
  it('is kept, with who, what and why', async () => {
    const off = cart();
    await ingress({ enabled: false }).decide(off, route, 2);
    expect(await memory.entries.find((off as { event_id: string }).event_id)).toEqual({
      event_type: 'cart.abandoned',
      user_id: ada,
      at: expect.any(Number),
      told: 2,
      journey: 'cart-recovery',
      enters: false,
      because: 'disabled',
      why: 'enabled is false',
    });
  });

  it('stands when the event comes again, whatever the rules say by then', async () => {
    const [first, second] = [cart(), cart()];
    expect(await enters(ingress({ enabled: false }), first)).toBe(false);
    expect(await enters(ingress({ enabled: true }), first)).toBe(false);
    expect(await enters(ingress(undefined), second)).toBe(true);
    expect(await enters(ingress({ enabled: false }), second)).toBe(true);
  });

  it('is kept for events that start nothing too', async () => {
    const made = event('project.created', ada) as never;
    expect(await ingress(undefined).decide(made, undefined, 1)).toMatchObject({ told: 1 });
    expect(await memory.entries.find((made as { event_id: string }).event_id)).not.toHaveProperty('journey');
  });

  it('goes by what is known of the person now', async () => {
    const rule = ingress({ when: 'has(person.plan) && person.plan == "pro"' });
    expect(await enters(rule, cart())).toBe(false);
    await memory.contacts.record(ada, { plan: 'pro' }, 1);
    expect(await enters(rule, cart())).toBe(true);
  });
});

describe('once', () => {
  it('is once, of fifty events that two ingresses take in side by side', async () => {
    const both = [ingress({ re_entry: 'once' }), ingress({ re_entry: 'once' })];
    const carts = Array.from({ length: 50 }, () => cart());
    const said = await Promise.all(carts.map((each, index) => enters(both[index % 2]!, each)));
    expect(said.filter(Boolean)).toHaveLength(1);
    // And again: each event hears what it heard before.
    expect(await Promise.all(carts.map((each, index) => enters(both[(index + 1) % 2]!, each)))).toEqual(said);
  });

  it('says with which event she entered', async () => {
    const first = cart();
    await ingress({ re_entry: 'once' }).decide(first, route, 0);
    const { why } = await ingress({ re_entry: 'once' }).decide(cart(), route, 0);
    expect(why).toBe(
      `re_entry is once, and this person entered with event ${(first as { event_id: string }).event_id}`,
    );
  });

  it('for each cart is once for each cart', async () => {
    const entry = ingress({ re_entry: { allow: 'once', per: 'cart_id' } });
    expect(await enters(entry, cart('c_1'))).toBe(true);
    expect(await enters(entry, cart('c_2'))).toBe(true);
    expect(await enters(entry, cart('c_1'))).toBe(false);
  });

  it('in thirty days is again after thirty, by the times of the events', async () => {
    const entry = ingress({ re_entry: { allow: 'once', every: '30d' } });
    const start = Date.parse('2026-11-24T12:00:00Z');
    expect(await enters(entry, cart('c_1', start))).toBe(true);
    expect(await enters(entry, cart('c_1', start + 30 * day - 1))).toBe(false);
    expect(await enters(entry, cart('c_1', start + 30 * day))).toBe(true);
    expect(await enters(entry, cart('c_1', start + 31 * day))).toBe(false);
  });
});

describe('once in thirty days', () => {
  const start = Date.parse('2026-11-24T12:00:00Z');
  const entry = () => ingress({ re_entry: { allow: 'once', every: '30d' } });

  it('an event that comes late does not make them forget the one after it', async () => {
    expect(await enters(entry(), cart('c_1', start + 40 * day))).toBe(true);
    expect(await enters(entry(), cart('c_1', start))).toBe(true);
    expect(await enters(entry(), cart('c_1', start + 41 * day))).toBe(false);
  });

  it('an event that comes late is counted from both its neighbours', async () => {
    expect(await enters(entry(), cart('c_1', start))).toBe(true);
    expect(await enters(entry(), cart('c_1', start + 40 * day))).toBe(true);
    expect(await enters(entry(), cart('c_1', start + 10 * day))).toBe(false);
  });
});

it.each([
  ['30d', '30 days'],
  ['1d', '1 day'],
  ['36h', '36 hours'],
  ['90m', '90 minutes'],
])('once in %s is told as once in %s', async (every, told) => {
  const entry = ingress({ re_entry: { allow: 'once', every } });
  await entry.decide(cart(), route, 0);
  expect((await entry.decide(cart(), route, 0)).why).toMatch(new RegExp(`^re_entry is once in ${told}, and `));
});

describe('how long it is remembered who entered', () => {
  const expires = async (own: object, per = '') => {
    await ingress({ re_entry: own }).decide(cart(), route, 0);
    return redis().pttl(createKeys(settings.keyPrefix, settings.secret).entry(ada, 'cart-recovery', per));
  };

  it('once is for ever; for each cart, more than a year', async () => {
    expect(await expires({ allow: 'once' })).toBe(-1);
    expect(await expires({ allow: 'once', per: 'cart_id' }, '"c_1"')).toBeGreaterThan(399 * day);
  });

  it('a period is remembered longer than it lasts', async () => {
    expect(await expires({ allow: 'once', every: '500d' })).toBeGreaterThan(900 * day);
  });
});

it('what was decided names the field that was counted by, and not its value', async () => {
  const entry = ingress({ re_entry: { allow: 'once', per: 'cart_id' } });
  await entry.decide(cart('the-cart-of-ada'), route, 0);
  const { why } = await entry.decide(cart('the-cart-of-ada'), route, 0);
  expect(why).toMatch(/^re_entry is once, and this person with the same cart_id entered with event /);
});

describe('one running', () => {
  it('keeps her out while a run goes on, and lets her in when it has ended', async () => {
    const entry = ingress({ re_entry: 'one_running' });
    const first = cart();
    expect(await enters(entry, first)).toBe(true);
    expect(await enters(entry, cart())).toBe(false);
    expect(isRunning).toHaveBeenLastCalledWith((first as { event_id: string }).event_id, expect.any(Number));

    isRunning.mockResolvedValue(false);
    expect(await enters(entry, cart())).toBe(true);
    expect(await enters(entry, cart())).toBe(true);
  });

  it('goes by the last entry where the setting was another before', async () => {
    const every = ingress({ re_entry: { allow: 'once', every: '30d' } });
    const [first, last] = [cart('c_1', Date.now() - 90 * day), cart()];
    await every.decide(first, route, 0);
    await every.decide(last, route, 0);
    isRunning.mockImplementation(async (id) => id === (last as { event_id: string }).event_id);
    expect(await enters(ingress({ re_entry: 'one_running' }), cart())).toBe(false);
    isRunning.mockResolvedValue(false);
    expect(await enters(ingress({ re_entry: 'one_running' }), cart())).toBe(true);
  });

  it('lets in one, of many that find the same run gone', async () => {
    const entry = ingress({ re_entry: 'one_running' });
    await enters(entry, cart());
    const [gone] = isRunning.mock.calls.map(([id]) => id);
    let ended: string | undefined = gone;
    isRunning.mockImplementation(async (id) => {
      ended ??= id; // only the first run has ended
      return id !== ended;
    });
    const said = await Promise.all(Array.from({ length: 20 }, () => enters(entry, cart())));
    expect(said.filter(Boolean)).toHaveLength(1);
  });

  it('does not hold back another cart', async () => {
    const entry = ingress({ re_entry: { allow: 'one_running', per: 'cart_id' } });
    expect(await enters(entry, cart('c_1'))).toBe(true);
    expect(await enters(entry, cart('c_1'))).toBe(false);
    expect(await enters(entry, cart('c_2'))).toBe(true);
  });

  it('hands the event back when Temporal cannot say, and has decided nothing', async () => {
    const entry = ingress({ re_entry: 'one_running' });
    await enters(entry, cart());
    isRunning.mockRejectedValueOnce(new Error('away'));
    const second = cart();
    await expect(entry.decide(second, route, 0)).rejects.toThrow('away');
    expect(await memory.entries.find((second as { event_id: string }).event_id)).toBeUndefined();
  });
});

describe('settings that name what there is not', () => {
  it.each([
    [{ 'cart-recovry': {} }, 'journeys.cart-recovry: there is no such journey; there are onboarding'],
    [{ 'cart-recovery': { re_entry: { allow: 'once', per: 'cart' } } }, 'has no field "cart"; it has cart_id, total'],
    [{ 'cart-recovery': { when: 'event.payload.totl > 5' } }, 'journeys.cart-recovery.when: '],
    [{ onboarding: { when: 'person.plan ==' } }, 'journeys.onboarding.when: '],
  ])('%j are refused with their place', (journeys, said) => {
    const config = configSchema.parse({ journeys });
    const at = (path: readonly PropertyKey[]) => `at ${path.join('/')}`;
    const mistakes = checkJourneySettings({ ...config, templates: { ...config.templates, dir: '' } }, at);
    expect(mistakes).toEqual([expect.stringContaining(said)]);
    expect(mistakes[0]).toMatch(/^at journeys\//);
  });
});
