import { randomUUID } from 'node:crypto';

import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import ts from 'typescript';
import { beforeEach, describe, expect, it } from 'vitest';

import { describePerson } from '../activities/describe-person.ts';
import { zoneTable } from '../activities/zone-table.ts';
import type { Event } from '../events/index.ts';
import { routes } from '../ingress/routes.ts';
import { isRunning, startJourney, tellListeners } from '../ingress/start-journey.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { daysAfter, daysBefore, next } from '../workflows/lib/local-time.ts';
import { projectCreated, signedUp } from './support/events.ts';
import { redisOfThisFile } from './support/scene.ts';

const at = (text: string) => Date.parse(text);
const shown = (instant: number) => new Date(instant).toISOString();

describe('a time zone that this machine does not know', () => {
  it('holds nobody for ever: it is taken to be UTC', async () => {
    const contacts = { find: async () => ({ time_zone: 'Mars/Olympus_Mons', plan: 'pro' }) };
    expect(await describePerson({ contacts }, 'ada', 5)).toEqual({ zone: [[5, 0]], plan: 'pro' });
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

  it('that exists twice is the first of the two', () => {
    expect(shown(next('02:30')(berlin, at('2027-10-30T23:00:00Z')))).toBe('2027-10-31T00:30:00.000Z');
  });

  it('around the 29th of February is where the calendar has it', () => {
    const leap = zoneTable('Europe/Berlin', at('2028-01-01T00:00:00Z'));
    expect(shown(daysBefore(at('2028-03-01T12:00:00Z'), 1, '09:00')(leap, 0))).toBe('2028-02-29T08:00:00.000Z');
    expect(shown(daysAfter(at('2028-02-29T12:00:00Z'), 366, '09:00')(leap, 0))).toBe('2029-03-01T08:00:00.000Z');
  });
});

describe('two journeys for one event', () => {
  it('do not compile', () => {
    const source = "export const routes = { 'user.signed_up': { starts: 'a' }, 'user.signed_up': { starts: 'b' } };";
    const file = ts.createSourceFile('routes.ts', source, ts.ScriptTarget.Latest);
    const host = ts.createCompilerHost({});
    const { getSourceFile } = host;
    host.getSourceFile = (name, ...rest) => (name === 'routes.ts' ? file : getSourceFile(name, ...rest));
    const messages = ts
      .createProgram(['routes.ts'], { noLib: true, noEmit: true }, host)
      .getSemanticDiagnostics(file)
      .map(({ messageText }) => messageText);
    expect(messages).toContain('An object literal cannot have multiple properties with the same name.');
  });
});

describe('an event that a journey listens for', () => {
  const redis = redisOfThisFile();
  let memory: Memory;
  let told: string[];
  let runs: Map<string, 'RUNNING' | 'COMPLETED'>;
  beforeEach(() => {
    const settings = { keyPrefix: `edges-${randomUUID()}:`, secret: 'ab'.repeat(32), rateLimit: 1, quotaReserve: 0 };
    memory = createMemory(redis(), { ...settings, rememberSendsMs: 60_000 });
    told = [];
    runs = new Map();
  });

  /** As much of Temporal as ingress asks for. */
  const client = {
    withDeadline: (_: number, call: () => unknown) => call(),
    workflow: {
      start: async (_: string, { workflowId }: { workflowId: string }) => void runs.set(workflowId, 'RUNNING'),
      getHandle: (id: string) => ({
        signal: async (_: string, event: Event) => {
          if (runs.get(id) !== 'RUNNING') throw new WorkflowNotFoundError('gone', id, undefined);
          told.push(`${id} <- ${event.event_id}`);
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
  const ada = { user_id: 'ada', email: 'ada@example.com' };
  const signup = (timestamp = Date.now()) => ({ ...signedUp(ada), timestamp }) as unknown as Event<'user.signed_up'>;
  const project = (timestamp = Date.now()) =>
    ({ ...projectCreated(ada), timestamp }) as unknown as Event<'project.created'>;

  it('and that comes before the run is registered reaches it all the same', async () => {
    const [start, heard] = [signup(1_000), project(2_000)];
    expect(await tellListeners(client, memory, heard)).toBe(0);
    await startJourney(client, memory, onboarding, start);
    expect(told).toEqual([`${start.event_id} <- ${heard.event_id}`]);
  });

  it('and that happened before the journey began does not', async () => {
    await tellListeners(client, memory, project(500));
    await startJourney(client, memory, onboarding, signup(1_000));
    expect(told).toEqual([]);
  });

  it('and that comes after the run has ended tells nobody, and the run is forgotten', async () => {
    const start = signup(1_000);
    await startJourney(client, memory, onboarding, start);
    runs.set(start.event_id, 'COMPLETED');
    expect(await tellListeners(client, memory, project())).toBe(0);
    expect(told).toEqual([]);
  });

  it('finds no run that is unknown and old, and one that may be starting this moment', async () => {
    expect(await isRunning(client, 'nobody', Date.now())).toBe(true);
    expect(await isRunning(client, 'nobody', Date.now() - 3_600_000)).toBe(false);
  });
});
