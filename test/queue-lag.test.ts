import { beforeEach, expect, it } from 'vitest';

import { createQueueLag, type QueueLag } from '../ingress/feedback/queue-lag.ts';

const second = 1_000;
const hiddenMs = 20 * second;
let now: number;
let lag: QueueLag;
beforeEach(() => {
  now = 0;
  lag = createQueueLag(2, hiddenMs, () => now);
});

/** Each poller gets an answer: the ages of its messages, or none after a whole long poll. */
function receive(...answers: (number[] | 'nothing')[]): void {
  for (const [poller, answer] of answers.entries()) {
    const received = lag.receive(poller);
    if (answer === 'nothing') received.empty();
    else received.messages(answer);
  }
}

it('is not known before every poller has had an answer', () => {
  expect(lag.lagMs()).toBeUndefined();
  receive('nothing');
  expect(lag.lagMs()).toBeUndefined();
  receive('nothing', 'nothing');
  expect(lag.lagMs()).toBe(0);
});

it('of a queue that is full is the age of what comes from it, however few messages a receive brings', () => {
  receive('nothing', 'nothing');
  receive([3_600 * second, 3_599 * second], [3_500 * second]);
  expect(lag.lagMs()).toBe(3_600 * second);
  now += 5 * second;
  receive([20 * second], [10 * second]);
  expect(lag.lagMs()).toBe(3_605 * second);
});

it('does not take one young message for the end of the old ones: what came in the last half minute counts', () => {
  receive([600 * second], [600 * second]);
  for (let seconds = 1; seconds <= 30; seconds += 1) {
    now += second;
    receive([second], [second]);
    expect(lag.lagMs()).toBe(600 * second + now);
  }
  now += second;
  receive([second], [second]);
  expect(lag.lagMs()).toBe(31 * second);
});

it('goes by when an empty long poll began, and that of the slowest poller', () => {
  const polls = [lag.receive(0), lag.receive(1)];
  now += 20 * second;
  polls[0]?.empty();
  expect(lag.lagMs()).toBeUndefined();
  polls[1]?.empty();
  expect(lag.lagMs()).toBe(20 * second);
  const next = lag.receive(0);
  now += 10 * second;
  next.empty();
  expect(lag.lagMs()).toBe(30 * second);
});

it('grows while nothing is received', () => {
  receive('nothing', 'nothing');
  now += 3_600 * second;
  expect(lag.lagMs()).toBe(3_600 * second);
});

it('goes by a message that is held until it is stored', () => {
  receive('nothing', 'nothing');
  const held = lag.hold(90 * second);
  expect(lag.lagMs()).toBe(90 * second);
  held.done();
  expect(lag.lagMs()).toBe(0);
});

it('goes by a message that could not be stored until it must have been received again', () => {
  lag.hold(90 * second).failed();
  now += 2 * hiddenMs;
  receive('nothing', 'nothing');
  expect(lag.lagMs()).toBe(90 * second + 2 * hiddenMs);
  now += 1;
  expect(lag.lagMs()).toBe(1);
});

it('is not known when a message does not say its age', () => {
  receive('nothing', [Infinity]);
  expect(lag.lagMs()).toBeUndefined();
});
