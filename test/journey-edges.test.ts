import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import ts from 'typescript';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { describePerson } from '../activities/describe-person.ts';
import { zoneTable } from '../activities/zone-table.ts';
import type { Event } from '../events/index.ts';
import { routes } from '../ingress/routes.ts';
import { isRunning, listenersOf, startJourney, tellListeners } from '../ingress/start-journey.ts';
import { createStore, type Store } from '../store/store.ts';
import type * as listening from '../workflows/lib/listen-for.ts';
import { at as instant, daysAfter, daysBefore, next, sleepUntil } from '../workflows/lib/local-time.ts';
import { person, projectCreated, signedUp } from './support/events.ts';
import { serversOfThisFile } from './support/scene.ts';

/** As much of Temporal as a listener and a wait ask for: what hears a signal, and how long is waited, ms. */
const workflow = vi.hoisted(() => ({ hear: (() => {}) as (event: unknown) => void, waits: [] as unknown[] }));
vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  setHandler: (_: unknown, handler: (event: unknown) => void) => void (workflow.hear = handler),
  condition: async (_: unknown, ms: unknown) => void workflow.waits.push(ms),
  sleep: async (ms: unknown) => void workflow.waits.push(ms),
}));
// Outside a workflow there is no story to tell.
vi.mock('../workflows/lib/story.ts', () => ({ note: () => {} }));

/** As each run has it, a module to itself. */
let listenFor: typeof listening.listenFor;
beforeEach(async () => {
  vi.resetModules();
  ({ listenFor } = await import('../workflows/lib/listen-for.ts'));
});

const at = (text: string) => Date.parse(text);
const shown = (instant: number) => new Date(instant).toISOString();

describe('a time zone that this machine does not know', () => {
  it('holds nobody for ever: it is taken to be UTC', async () => {
    const contacts = { find: async () => ({ time_zone: 'Mars/Olympus_Mons', plan: 'pro' }) };
    expect(await describePerson({ contacts }, 'ada', 5)).toEqual({ zone: [[5 - 2 * 86_400_000, 0]], plan: 'pro' });
  });
});

describe('the language that a journey knows somebody by', () => {
  it.each([
    ['pt-BR', 'pt-BR'],
    ['zh-Hant-TW-u-nu-hanidec', 'zh-Hant-TW'],
    ['en-x-zebulon', 'en'],
    ['de-DE-1996', 'de-DE'],
    ['zebulon', undefined],
    ['not a locale', undefined],
  ])('%s is %s: it enters the history, so it has no part that may say anything', async (said, locale) => {
    const contacts = { find: async () => ({ locale: said }) };
    expect((await describePerson({ contacts }, 'ada', 5)).locale).toBe(locale);
  });
});

describe('a local time', () => {
  const berlin = zoneTable('Europe/Berlin', at('2027-01-01T00:00:00Z'));

  it.each(['25:00', '9:00', '09:60', 'nine', ''])('that is none, "%s", is refused', (time) => {
    expect(() => next(time)(berlin, 0)).toThrow('is no time of day; write it as "09:00"');
  });

  it('that does not exist is as much later as the clock is put forward', () => {
    expect(shown(next('02:30')(berlin, at('2027-03-28T00:00:00Z')))).toBe('2027-03-28T01:30:00.000Z');
  });

  it('is the same for somebody who is looked up in the hours after the change', () => {
    const inBerlin = (now: string) => shown(next('02:30')(zoneTable('Europe/Berlin', at(now)), at(now)));
    expect(inBerlin('2027-03-28T01:10:00Z')).toBe('2027-03-28T01:30:00.000Z'); // 03:10, and half past two was skipped
    expect(inBerlin('2027-10-31T01:10:00Z')).toBe('2027-11-01T01:30:00.000Z'); // 02:10 again, and 02:30 has been
  });

  it('that exists twice is the first of the two', () => {
    expect(shown(next('02:30')(berlin, at('2027-10-30T23:00:00Z')))).toBe('2027-10-31T00:30:00.000Z');
  });

  it('around the 29th of February is where the calendar has it', () => {
    const leap = zoneTable('Europe/Berlin', at('2028-01-01T00:00:00Z'));
    expect(shown(daysBefore(at('2028-03-01T12:00:00Z'), 1, '09:00')(leap, 0))).toBe('2028-02-29T08:00:00.000Z');
    expect(shown(daysAfter(at('2028-02-29T12:00:00Z'), 366, '09:00')(leap, 0))).toBe('2029-03-01T08:00:00.000Z');
  });
});

describe('a wait', () => {
  const ada = { zone: zoneTable('Europe/Berlin', 0) };
  const yesterday = Date.now() - 86_400_000;
  beforeEach(() => void (workflow.waits = []));

  it('of nothing, or until what has passed, is one of a millisecond: for Temporal a 0 may mean for ever', async () => {
    await listenFor('project.created').within(0);
    await listenFor('project.created').within(instant(yesterday), ada);
    await sleepUntil(instant(yesterday), ada);
    expect(workflow.waits).toEqual([1, 1, 1]);
  });

  it('of ten years is one of ten years', async () => {
    await listenFor('project.created').within('3650 days');
    expect(workflow.waits).toEqual(['3650 days']);
  });
});

describe('two journeys for one event', () => {
  it('do not compile', () => {
    const routesFile = readFileSync(new URL('../ingress/routes.ts', import.meta.url), 'utf8');
    const source = routesFile.replace(
      /^(  'user\.signed_up': .*\n)/m,
      "$1  'user.signed_up': { starts: 'win-back' },\n",
    );
    expect(source).not.toBe(routesFile);
    const file = ts.createSourceFile('routes.ts', source, ts.ScriptTarget.Latest);
    const host = ts.createCompilerHost({});
    const { getSourceFile } = host;
    host.getSourceFile = (name, ...rest) => (name === 'routes.ts' ? file : getSourceFile(name, ...rest));
    const messages = ts
      .createProgram(['routes.ts'], { noLib: true, noEmit: true, noResolve: true }, host)
      .getSemanticDiagnostics(file)
      .map(({ messageText }) => messageText);
    expect(messages).toContain('An object literal cannot have multiple properties with the same name.');
  });
});

describe('an event that a journey listens for', () => {
  const connected = serversOfThisFile();
  let store: Store;
  let told: string[];
  let runs: Map<string, 'RUNNING' | 'COMPLETED'>;
  beforeEach(() => {
    const settings = { keyPrefix: `edges-${randomUUID()}:`, secret: 'ab'.repeat(32), rateLimit: 1, quotaReserve: 0 };
    store = createStore(connected, settings);
    told = [];
    runs = new Map();
    workflow.hear = () => {};
  });

  /** As much of Temporal as ingress asks for. */
  const client = {
    withDeadline: (_: number, call: () => unknown) => call(),
    workflow: {
      start: async (name: string, { workflowId }: { workflowId: string }) => {
        if (runs.has(workflowId)) throw new WorkflowExecutionAlreadyStartedError('there', workflowId, name);
        runs.set(workflowId, 'RUNNING');
      },
      getHandle: (id: string) => ({
        signal: async (_: string, event: Event) => {
          if (runs.get(id) !== 'RUNNING') throw new WorkflowNotFoundError('gone', id, undefined);
          told.push(`${id} <- ${event.event_id}`);
          workflow.hear(event);
        },
        describe: async () => {
          const name = runs.get(id);
          if (!name) throw new WorkflowNotFoundError('gone', id, undefined);
          return { status: { name } };
        },
      }),
    },
  } as unknown as Client;
  const onboarding = routes['user.signed_up']!;
  let ada: { user_id: string; email: string };
  beforeEach(() => void (ada = person('ada')));

  const log = { warn: vi.fn() };

  /** As ingress does it: recorded first. Returns how many running journeys were signalled. */
  async function arrives(event: Event): Promise<number> {
    await store.events.record({ event, personal: {}, receivedAt: Date.now() });
    const listeners = await listenersOf(store, event);
    return (await tellListeners({ client, store, log }, event, listeners)).told;
  }

  const signup = (timestamp = Date.now()) => ({ ...signedUp(ada), timestamp }) as unknown as Event<'user.signed_up'>;
  const project = (timestamp = Date.now()) =>
    ({ ...projectCreated(ada), timestamp }) as unknown as Event<'project.created'>;

  it('and that comes before the run is registered reaches it all the same', async () => {
    const [start, heard] = [signup(1_000), project(2_000)];
    expect(await arrives(heard)).toBe(0);
    await startJourney(client, store, onboarding, start);
    expect(told).toEqual([`${start.event_id} <- ${heard.event_id}`]);
  });

  const minute = 60_000;

  it('and that happened long before the journey began does not', async () => {
    await arrives(project(minute));
    await startJourney(client, store, onboarding, signup(7 * minute));
    expect(await arrives(project(minute))).toBe(0); // late, and about then
    expect(told).toEqual([]);
  });

  it('and that was stamped minutes before the journey began does, whichever comes first: clocks differ', async () => {
    const [start, before] = [signup(7 * minute), project(3 * minute)];
    await arrives(before);
    await startJourney(client, store, onboarding, start);
    const after = project(3 * minute);
    expect(await arrives(after)).toBe(1);
    expect(told).toEqual([`${start.event_id} <- ${before.event_id}`, `${start.event_id} <- ${after.event_id}`]);
  });

  it('and that comes twice is told twice, and heard once, also when it was taken meanwhile', async () => {
    const listener = listenFor('project.created');
    const [start, heard] = [signup(1_000), project(2_000)];
    expect(await startJourney(client, store, onboarding, start)).toBe(true);
    expect(await arrives(heard)).toBe(1);
    expect(listener.take()?.event_id).toBe(heard.event_id);
    expect(await arrives(heard)).toBe(1);
    expect(await startJourney(client, store, onboarding, start)).toBe(false); // its own event came twice too
    expect(told).toHaveLength(3);
    expect(listener.heard).toBeUndefined();
  });

  it('and that comes behind a newer one changes nothing', async () => {
    const listener = listenFor('project.created');
    await startJourney(client, store, onboarding, signup(1_000));
    const newest = project(3_000);
    for (const heard of [newest, project(2_000)]) await arrives(heard);
    expect(listener.heard?.event_id).toBe(newest.event_id);
  });

  it('and that comes behind a newer one which was taken changes nothing either', async () => {
    const listener = listenFor('project.created');
    await startJourney(client, store, onboarding, signup(1_000));
    for (const timestamp of [3_000, 2_000]) {
      await arrives(project(timestamp));
      expect(listener.take()?.timestamp).toBe(timestamp === 3_000 ? 3_000 : undefined);
    }
  });

  it('and that comes before the run is registered reaches it also when another of its type came after it', async () => {
    const order = (event_id: string, cart_id: string, timestamp: number) =>
      ({
        event_id,
        event_type: 'order.completed',
        user_id: ada.user_id,
        timestamp,
        payload: { cart_id },
      }) as unknown as Event;
    const cart = {
      event_id: `${ada.user_id}-cart`,
      event_type: 'cart.abandoned',
      user_id: ada.user_id,
      timestamp: 60 * minute,
    } as unknown as Event;
    await arrives(order(`${ada.user_id}-mine`, 'c_1', 60 * minute + 1));
    await arrives(order(`${ada.user_id}-another`, 'c_2', 60 * minute + 2));
    await arrives(order(`${ada.user_id}-long-ago`, 'c_1', 54 * minute));
    await startJourney(client, store, routes['cart.abandoned']!, cart);
    expect(told).toEqual(['mine', 'another'].map((order) => `${ada.user_id}-cart <- ${ada.user_id}-${order}`));
  });

  it('and that comes after the run has ended tells nobody', async () => {
    const start = signup(1_000);
    await startJourney(client, store, onboarding, start);
    runs.set(start.event_id, 'COMPLETED');
    expect(await arrives(project())).toBe(0);
    expect(told).toEqual([]);
  });

  it('makes a run that ended long ago forgotten, and not one that is being started this moment', async () => {
    const entry = { journey: 'onboarding', listensFor: ['project.created'], since: 1_000 };
    await store.running.register(ada.user_id, {
      ...entry,
      workflowId: 'long-ago',
      registeredAt: Date.now() - 3_600_000,
    });
    await store.running.register(ada.user_id, { ...entry, workflowId: 'being-started', registeredAt: Date.now() });
    expect(await arrives(project())).toBe(0);
    expect((await store.running.of(ada.user_id)).map(({ workflowId }) => workflowId)).toEqual(['being-started']);
  });

  it('finds no run that is unknown and old, and one that may be starting this moment', async () => {
    expect(await isRunning(client, 'nobody', Date.now())).toBe(true);
    expect(await isRunning(client, 'nobody', Date.now() - 3_600_000)).toBe(false);
  });
});
