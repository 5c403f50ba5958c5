import type { temporal } from '@temporalio/proto';
import { expect, test } from 'vitest';

import { actionsIn, activitiesIn } from '../bench/actions.ts';
import { machineCpuMs, processCpuMs } from '../bench/cpu.ts';
import {
  columns,
  displacement,
  mean,
  overtaken,
  percentile,
  perSecond,
  sample,
  spread,
  told,
} from '../bench/figures.ts';
import { mailTable, ratioTable, type Run } from '../bench/mail-report.ts';
import { residentMb } from '../bench/memory.ts';
import { mistakesIn } from '../bench/provider.ts';
import { requestsBetween, requestsIn } from '../bench/rpcs.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

test('the CPU time of a process is read past a name with spaces and brackets', () => {
  const stat = '71 (node (ada) x) S 1 71 71 0 -1 4194560 900 0 0 0 250 31 0 0 20 0 11 0 8000';
  expect(processCpuMs(stat)).toBe(2_810);
});

test('the CPU time of the machine leaves out idling and waiting for disks', () => {
  expect(machineCpuMs('cpu  100 2 30 5000 400 1 7 9 0 0\ncpu0 1 1 1 1')).toBe(1_400);
});

test('the memory of a process is what it holds now, not the most it ever held', () => {
  expect(residentMb('Name:\tnode\nVmHWM:\t  999999 kB\nVmRSS:\t  204800 kB\n')).toBe(200);
});

test('a mail that is missing and one that came twice are both told, though the sum is right', () => {
  const stats = { accepted: 3, byTag: { ada: 2, grace: 1 }, keysNotCounted: 0 };
  expect(mistakesIn(stats, 3)).toEqual(['2 different mails instead of 3', '1 mails were accepted more than once']);
  expect(mistakesIn({ accepted: 2, byTag: { ada: 1, grace: 1 }, keysNotCounted: 0 }, 2)).toEqual([]);
});

test('columns line up', () => {
  expect(
    columns([
      ['', 'floor'],
      ['per second', '7'],
    ]),
  ).toBe('            floor\nper second      7');
});

test('a median is in the middle, whatever the order of the rounds, and between the two that are there in an even number', () => {
  expect(spread([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
  expect(spread([9, 1, 4, 5])).toEqual({ median: 4.5, min: 1, max: 9 });
  expect(spread([7])).toEqual({ median: 7, min: 7, max: 7 });
  expect(told([9, 1, 5], 1)).toBe('5.0 (1.0 to 9.0)');
  expect(told([7], 0)).toBe('7');
  expect(told([], 0)).toBe('-');
});

test('a sample is spread over all, and is all of them where there are few', () => {
  expect(sample([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3)).toEqual([1, 4, 7]);
  expect(sample([1, 2], 3)).toEqual([1, 2]);
  expect(mean([1, 2, 6])).toBe(3);
});

test('one mail in four that had to wait shows in the mail table, also when the first of the round did not', () => {
  const actions = { start: 1, activities: 0, localActivities: 1, timers: 0, signals: 0, searchAttributes: 0 };
  const histories = { events: [6, 6, 12, 6], actions: [2, 2, 3, 2].map((all) => ({ ...actions, all })), onTheQueue: 1 };
  const spent = { cpu: { by: {}, others: 0, wallMs: 1 }, requests: {}, memory: {} } as unknown as Run['spent'];
  const run: Run = { what: 'inline', count: 4, seconds: 1, spent, histories, mistakes: [] };
  const { rows } = mailTable([run, run]);
  const of = (title: string) => rows.filter(([first = '']) => first.startsWith(title)).map(([, value]) => value);
  expect(of('history events of one')).toEqual(['7.50 (7.50 to 7.50)']);
  expect(of('Actions of one')).toEqual(['2.25 (2.25 to 2.25)']);
  expect(of('  fewest to most')).toEqual(['6 to 12', '2 to 3']);
  expect(of('  of them queued')).toEqual(['2 of 8']);
});

test('inline and queued are each compared with the others of their own round', () => {
  const spent = {
    cpu: { by: { bench: 10 }, others: 0, wallMs: 1 },
    requests: {},
    memory: {},
  } as unknown as Run['spent'];
  const run = (what: Run['what'], count: number): Run => ({ what, count, seconds: 1, spent, mistakes: [] });
  const rounds = [
    run('local floor', 100),
    run('queue floor', 50),
    run('inline', 60),
    run('queued', 40),
    run('queued', 45),
    run('inline', 30),
    run('queue floor', 90),
    run('local floor', 50),
  ];
  expect(ratioTable(rounds).rows.map(([name, rate]) => [name, rate])).toEqual([
    ['', 'rate'],
    ['inline / local floor', '0.60 (0.60 to 0.60)'],
    ['inline / queue floor', '0.77 (0.33 to 1.20)'],
    ['queued / queue floor', '0.65 (0.50 to 0.80)'],
    ['inline / queued', '1.08 (0.67 to 1.50)'],
  ]);
});

test('a percentile is the smallest value that so many do not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile([4], 0.99)).toBe(4);
});

test('mails that leave as they asked are not displaced, also when two asked in the same instant', () => {
  const inOrder = [
    { askedAt: 1, leftAt: 10 },
    { askedAt: 2, leftAt: 21 },
    { askedAt: 2, leftAt: 20 },
    { askedAt: 3, leftAt: 30 },
  ];
  expect(displacement(inOrder)).toEqual({ places: 0, overtakenBy: 0 });
});

test('one mail that three others overtake has moved by three places, and left so long after the first of them', () => {
  const overtaken = [
    { askedAt: 1, leftAt: 50 },
    { askedAt: 2, leftAt: 20 },
    { askedAt: 3, leftAt: 30 },
    { askedAt: 4, leftAt: 40 },
  ];
  expect(displacement(overtaken)).toEqual({ places: 3, overtakenBy: 30 });
});

test('who was due first and left behind those who were due more than a second later was overtaken, in whatever order they asked', () => {
  const ada = { dueAt: 0, leftAt: 9_000 };
  const soonAfter = { dueAt: 1_000, leftAt: 2_000 };
  const later = [
    { dueAt: 1_001, leftAt: 4_000 },
    { dueAt: 5_000, leftAt: 6_000 },
    { dueAt: 6_000, leftAt: 10_000 },
  ];
  expect(overtaken([...later, soonAfter, ada], 1_000)).toEqual({ mails: 1, places: 2, ms: 5_000 });
  expect(overtaken([...later, soonAfter], 1_000)).toEqual({ mails: 0, places: 0, ms: 0 });
});

test('only whole seconds are counted, each by itself', () => {
  expect(perSecond([1_000, 1_999, 2_000, 3_500], 1_000, 3_600)).toEqual([2, 1]);
});

test('the Actions of a run: retries count, local activities of one workflow task are one', () => {
  const marker = (task: number, markerName = 'core_local_activity'): HistoryEvent => ({
    markerRecordedEventAttributes: { markerName, workflowTaskCompletedEventId: task as never },
  });
  const history: HistoryEvent[] = [
    { workflowExecutionStartedEventAttributes: {} },
    { workflowTaskCompletedEventAttributes: {} },
    marker(4),
    marker(4),
    { activityTaskScheduledEventAttributes: { activityType: { name: 'sendEmail' } } },
    { activityTaskStartedEventAttributes: { attempt: 3 } },
    marker(10),
    marker(10, 'core_patch'),
    { timerStartedEventAttributes: {} },
    { timerFiredEventAttributes: {} },
    { workflowExecutionSignaledEventAttributes: {} },
    { upsertWorkflowSearchAttributesEventAttributes: {} },
  ];
  expect(activitiesIn(history)).toEqual(['sendEmail']);
  expect(actionsIn(history)).toEqual({
    start: 1,
    activities: 3,
    localActivities: 2,
    timers: 1,
    signals: 1,
    searchAttributes: 1,
    all: 9,
  });
});

test('requests are those at the front door, without long polls, health checks and the bench itself', () => {
  const page = (starts: number) => `# TYPE service_requests counter
service_requests{namespace="rivulet",operation="StartWorkflowExecution",service_name="frontend"} ${starts}
service_requests{namespace="default",operation="StartWorkflowExecution",service_name="frontend"} 2
service_requests{namespace="temporal_system",operation="StartWorkflowExecution",service_name="frontend"} 7
service_requests{namespace="rivulet",operation="StartWorkflowExecution",service_name="history"} 90
service_requests{namespace="rivulet",operation="PollWorkflowTaskQueue",service_name="frontend"} 55
service_requests{namespace="rivulet",operation="CountWorkflowExecutions",service_name="frontend"} 6
service_requests_other{operation="StartWorkflowExecution",service_name="frontend"} 8`;
  const [before, after] = [requestsIn(page(1)), requestsIn(page(5))];
  expect(after['StartWorkflowExecution']).toBe(7);
  expect(requestsBetween({}, after, { CountWorkflowExecutions: 5 })).toEqual({
    StartWorkflowExecution: 7,
    CountWorkflowExecutions: 1,
  });
  expect(requestsBetween(before, after)).toEqual({ StartWorkflowExecution: 4 });
});
