import { describe, expect, it } from 'vitest';

import { judgeRedisTransport, judgeTopology } from '../cli/doctor-servers.ts';

describe('what doctor says about Redis', () => {
  it.each([
    [{ kind: 'server', primaries: 1, replicas: 0, state: 'ok' }, undefined, ''],
    [{ kind: 'sentinel', primaries: 1, replicas: 2, state: 'ok' }, 'ok', 'the primary of Sentinels with 2 replicas'],
    [{ kind: 'sentinel', primaries: 1, replicas: 0, state: 'ok' }, 'warning', 'sending stops until it recovers'],
    [{ kind: 'cluster', primaries: 3, replicas: 3, state: 'ok' }, 'ok', 'a Cluster of 3 primaries with 3 replicas'],
    [{ kind: 'cluster', primaries: 3, replicas: 2, state: 'ok' }, 'warning', 'with 2 replicas'],
    [{ kind: 'cluster', primaries: 3, replicas: 3, state: 'fail' }, 'wrong', 'its state is fail'],
    [
      { kind: 'server', primaries: 1, replicas: 0, state: 'ok', evicts: 'allkeys-lru' },
      'warning',
      'Set it to noeviction',
    ],
  ] as const)('%j', (topology, level, says) => {
    const [finding] = judgeTopology(topology);
    expect(finding?.level).toBe(level);
    expect(finding?.says ?? '').toContain(says);
  });

  it.each([
    ['redis://127.0.0.1', undefined],
    ['redis://[::1]:6379', undefined],
    ['redis+cluster://localhost:1,127.0.0.1:2', undefined],
    ['redis://cache.example.com', 'warning'],
    ['rediss+sentinel://a.example.com,b.example.com/m', 'ok'],
  ])('about TLS to %s: %s', (url, level) => {
    expect(judgeRedisTransport({ url })[0]?.level).toBe(level);
  });
});
