import type { Scenario } from './scenario.ts';

/** Loaded one at a time: a scenario has a process of its own, and nothing of the others in it. */
export const scenarios: Record<string, () => Promise<Scenario>> = {
  mail: async () => (await import('./mail.ts')).mail,
  drip: async () => (await import('./drip.ts')).drip,
  sleepers: async () => (await import('./sleepers.ts')).sleepers,
  ingress: async () => (await import('./ingress.ts')).ingress,
  lanes: async () => (await import('./lanes.ts')).lanes,
  latency: async () => (await import('./latency.ts')).latency,
  limiter: async () => (await import('./limiter.ts')).limiter,
  send: async () => (await import('./send-path.ts')).send,
  bytes: async () => (await import('./bytes.ts')).bytes,
  render: async () => (await import('./render.ts')).render,
  simulate: async () => (await import('./simulate.ts')).simulated,
  library: async () => (await import('./library.ts')).library,
  outage: async () => (await import('./outage.ts')).outage,
  trouble: async () => (await import('./trouble.ts')).trouble,
  waits: async () => (await import('./waits.ts')).waits,
};

/**
 * What a run without names does, in this order: `mail` comes first, because `latency` goes by its rate. `library` and
 * `waits` are for those who change how journeys are written, and `outage` takes as long as it says.
 */
export const inSuite = [
  'mail',
  'drip',
  'sleepers',
  'ingress',
  'latency',
  'limiter',
  'send',
  'bytes',
  'render',
  'simulate',
];
