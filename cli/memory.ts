import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createMemory, type Memory, memorySettings } from '../state/memory.ts';
import type { Redis } from '../state/redis.ts';
import type { Stops } from '../state/stops.ts';
import { configFor, withRedis } from './connections.ts';
import { NotDone } from './wrong-use.ts';

export interface Remembered {
  memory: Memory;
  config: Config;
  stops: Stops;
}

/** What is remembered, for commands that hash no address: `addressHash` refuses. */
export function withMemory<T>(env: NodeJS.ProcessEnv, use: (found: Remembered) => Promise<T>): Promise<T> {
  const { config, environment } = configFor(env);
  return withRedis(env, ({ redis, stops }) => {
    const memory = createMemory(redis, memorySettings(config, environment));
    return use({ config, stops, memory: { ...memory, addressHash: refuseToHash } });
  });
}

function refuseToHash(): never {
  throw new Error('without RIVULET_SECRET no address can be hashed');
}

/** The same for commands that do, with the secret that the workers have: under another, every hash would be another. */
export function withSecretMemory<T>(env: NodeJS.ProcessEnv, use: (found: Remembered) => Promise<T>): Promise<T> {
  if (!env['RIVULET_SECRET']) {
    throw new NotDone(
      'RIVULET_SECRET is not set, and no `npm start` runs in this folder whose secret could be taken. Addresses are hashed with it: set the one that worker and ingress have, or name addresses by their hash.',
    );
  }
  const { config, environment } = loadConfig(env);
  return withRedis(env, async ({ redis, stops }) => {
    const memory = createMemory(redis, memorySettings(config, environment));
    await refuseOtherSecret(redis, config, memory);
    return use({ config, stops, memory });
  });
}

/** As many steps through Redis as nobody waits for; where no contact is found by then, nothing can be told. */
const steps = 20;

/** Beside each address stands its hash: one person shows whether the secret is that of this Redis. */
async function refuseOtherSecret(redis: Redis, config: Config, memory: Memory): Promise<void> {
  const start = `${config.suppression.key_prefix}contact:`;
  const match = `${start.replaceAll(/[[\]*?\\]/g, '\\$&')}*`;
  let cursor = '0';
  for (let step = 0; step < steps; step++) {
    const [next, found] = await redis.scan(cursor, 'MATCH', match, 'COUNT', 1_000);
    for (const key of found) {
      const user = key.slice(start.length);
      const [{ email }, hash] = await Promise.all([memory.contacts.find(user), memory.contacts.addressHashOf(user)]);
      if (email === undefined || hash === undefined) continue;
      if (memory.addressHash(email) === hash) return;
      throw new NotDone(
        'RIVULET_SECRET is not the one that worker and ingress have: the hashes of addresses in this Redis are others. Nothing was done.',
      );
    }
    cursor = next;
    if (cursor === '0') return;
  }
}
