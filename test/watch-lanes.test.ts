import { beforeEach, expect, it } from 'vitest';

import { createIngressMetrics } from '../ingress/metrics.ts';
import { createLaneWatch } from '../ingress/watch-lanes.ts';
import { createLog } from '../runtime/log.ts';
import { ownNats, streamSettings } from './support/own-nats.ts';

const nats = ownNats();
beforeEach(() => nats.reset());

it('says which lane does not move, how old what waits is, and nothing of lanes in which nothing waits', async () => {
  const metrics = createIngressMetrics();
  let now = Date.now();
  const watch = createLaneWatch(metrics, createLog('test', 'silent'), () => now);
  const stop = new AbortController();
  const running = watch.run(nats.stream, streamSettings, stop.signal);
  const stateOf = (name: string) => watch.states().find(({ lane }) => lane === name);
  try {
    await expect.poll(() => watch.states().length, { timeout: 10_000 }).toBe(6);
    expect(watch.stalled()).toEqual([]);
    for (let count = 0; count < 3; count++) await nats.stream.js.publish('marketing.events.consent.revoked', 'x');
    now += 20_000;
    await expect.poll(() => stateOf('opt-outs'), { timeout: 10_000 }).toMatchObject({ waiting: 3 });
    now += 40_000;
    await expect
      .poll(() => watch.stalled(), { timeout: 10_000 })
      .toContainEqual(expect.stringMatching(/^opt-outs: nothing processed for [4-6]\d s although 3 wait$/));
    expect(stateOf('opt-outs')?.oldestSeconds).toBeGreaterThanOrEqual(59);
    expect(stateOf('transactional')).toEqual({
      lane: 'transactional',
      waiting: 0,
      retries: 0,
      oldestSeconds: 0,
      stalledSeconds: 0,
    });
    expect(await metrics.registry.metrics()).toMatch(/rivulet_lane_stalled_seconds\{lane="opt-outs"\} [4-6]\d/);

    watch.processed('ingress-opt-outs');
    await expect.poll(() => stateOf('opt-outs')?.stalledSeconds, { timeout: 10_000 }).toBe(0);
    expect(watch.stalled()).not.toContainEqual(expect.stringContaining('opt-outs'));
  } finally {
    stop.abort();
    await running;
  }
}, 60_000);
