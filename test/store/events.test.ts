import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { Event } from '../../events/index.ts';
import type { Events } from '../../store/events.ts';
import { createEvents as inMemory } from '../../store/memory/events.ts';
import { createEvents } from '../../store/postgres/events.ts';
import { ownDatabase } from '../support/database.ts';

const database = ownDatabase();
const minute = 60_000;
const day = 86_400_000;

const project = (user_id: string, timestamp = Date.now(), project_id = 'p_1'): Event<'project.created'> => ({
  event_id: randomUUID(),
  event_type: 'project.created',
  user_id,
  timestamp,
  payload: { project_id },
});

describe.each([
  ['Postgres', () => createEvents(database.postgres)],
  ['memory', () => inMemory(new Map())],
])('events in %s', (_, create: () => Events) => {
  const ada = () => `ada_${randomUUID()}`;

  it('are stored once, with their personal fields, and a redelivery finds what is stored', async () => {
    const events = create();
    const event = { ...project(ada()), metadata: { source: 'web' } };
    const personal = { payload: { name: 'Castle' } };
    const receivedAt = Date.now();
    expect(await events.record({ event, personal, receivedAt })).toEqual({ kind: 'new' });
    const again = await events.record({ event: { ...event, timestamp: 1 }, personal: {}, receivedAt });
    expect(again).toEqual({ kind: 'known', stored: { event, personal } });
    expect(await events.find(event.event_id)).toEqual({ event, personal });
    expect(await events.personalOf(event.event_id)).toEqual(personal);
  });

  it('are not found where there is none', async () => {
    expect(await create().find(randomUUID())).toBeUndefined();
    expect(await create().personalOf(randomUUID())).toBeUndefined();
  });

  it.each([
    ['another person', { user_id: 'grace' }],
    ['another type', { event_type: 'user.returned' as const }],
  ])('an id that was used for an event of %s is reused, and what is stored stays', async (_, change) => {
    const events = create();
    const event = project(ada());
    await events.record({ event, personal: {}, receivedAt: Date.now() });
    const other = { ...event, ...change } as Event;
    expect(await events.record({ event: other, personal: {}, receivedAt: Date.now() })).toEqual({
      kind: 'reused',
      eventType: 'project.created',
    });
    expect((await events.find(event.event_id))?.event).toEqual(event);
  });

  it('of fifty attempts at once one is the first', async () => {
    const events = create();
    const event = project(ada());
    const said = await Promise.all(
      Array.from({ length: 50 }, () => events.record({ event, personal: {}, receivedAt: Date.now() })),
    );
    expect(said.filter(({ kind }) => kind === 'new')).toHaveLength(1);
    expect(said.filter(({ kind }) => kind === 'known')).toHaveLength(49);
  });

  it('an arrival of long ago, or by a clock ahead of ours, has a place too', async () => {
    const events = create();
    for (const away of [-400 * day, 90 * day]) {
      const recorded = events.record({ event: project(ada()), personal: {}, receivedAt: Date.now() + away });
      expect(await recorded).toEqual({ kind: 'new' });
    }
  });

  describe('heard within the last day', () => {
    const arrive = async (events: Events, event: Event, receivedAt = Date.now()) => {
      await events.record({ event, personal: {}, receivedAt });
      return event;
    };

    it('are found by person and type, from the moment the journey is about', async () => {
      const events = create();
      const user = ada();
      const at = Date.now() - minute;
      const made = await arrive(events, project(user, at));
      expect(await events.heard(user, ['project.created', 'order.completed'], at - 1)).toEqual([made]);
      expect(await events.heard(user, ['project.created'], at)).toEqual([made]);
      expect(await events.heard(user, ['project.created'], at + 1)).toEqual([]);
      expect(await events.heard(user, ['order.completed'], at)).toEqual([]);
      expect(await events.heard(user, [], at)).toEqual([]);
      expect(await events.heard(ada(), ['project.created'], at)).toEqual([]);
    });

    it('are in the order in which they happened, whenever the stream got them', async () => {
      const events = create();
      const user = ada();
      const now = Date.now();
      const newer = await arrive(events, project(user, now - minute), now - 3 * day);
      const older = await arrive(events, project(user, now - 2 * minute), now);
      expect(await events.heard(user, ['project.created'], 0)).toEqual([older, newer]);
    });

    it('are at most the hundred that were recorded last', async () => {
      const events = create();
      const user = ada();
      const now = Date.now();
      const all = Array.from({ length: 105 }, (_, index) => project(user, now - 200 * minute + index * minute));
      for (const event of all) await arrive(events, event);
      expect(await events.heard(user, ['project.created'], 0)).toEqual(all.slice(5));
    });
  });
});

it('an event that is published again in another month is the same one', async () => {
  const events = createEvents(database.postgres);
  const event = project('ada');
  await events.record({ event, personal: {}, receivedAt: Date.now() });
  const inLastMonth = {
    name: 'test-move-event',
    text: `UPDATE event SET month = (month - interval '1 month')::date WHERE event_id = $1`,
  };
  await database.postgres.query(inLastMonth, [event.event_id]);
  expect(await events.record({ event, personal: {}, receivedAt: Date.now() })).toMatchObject({ kind: 'known' });
  const count = { name: 'test-count-event', text: 'SELECT count(*)::int AS rows FROM event WHERE event_id = $1' };
  expect(await database.postgres.query(count, [event.event_id])).toEqual([{ rows: 1 }]);
});

describe('events that were recorded more than a day ago', () => {
  it('are not heard any more, in Postgres', async () => {
    const events = createEvents(database.postgres);
    const [old, recent] = [project('grace', 1), project('grace', 2)];
    for (const event of [old, recent]) await events.record({ event, personal: {}, receivedAt: Date.now() });
    const age = {
      name: 'test-age-event',
      text: `UPDATE event SET recorded_at = recorded_at - interval '86401 seconds' WHERE event_id = $1`,
    };
    await database.postgres.query(age, [old.event_id]);
    expect(await events.heard('grace', ['project.created'], 0)).toEqual([recent]);
  });

  it('are not heard any more, in memory', async () => {
    let now = Date.now();
    const events = inMemory(new Map(), () => now);
    const [old, recent] = [project('grace', 1), project('grace', 2)];
    await events.record({ event: old, personal: {}, receivedAt: now });
    now += day + 1;
    await events.record({ event: recent, personal: {}, receivedAt: now });
    expect(await events.heard('grace', ['project.created'], 0)).toEqual([recent]);
  });
});

it('texts that Postgres cannot store as they are do not keep an event out', async () => {
  const events = createEvents(database.postgres);
  const event = project('ada', Date.now(), 'p\0\uD800');
  const personal = { payload: { 'na\0me': ['a\0b', '\uDC00 end', { deep: '\\u0000' }] } };
  expect(await events.record({ event, personal, receivedAt: Date.now() })).toEqual({ kind: 'new' });
  expect(await events.find(event.event_id)).toEqual({
    event: { ...event, payload: { project_id: 'p\uFFFD' } },
    personal: { payload: { name: ['ab', '\uFFFD end', { deep: '\\u0000' }] } },
  });
});
