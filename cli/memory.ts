import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createKeys } from '../state/keys.ts';
import { createMemory, type Memory, memorySettings } from '../state/memory.ts';
import { isSameSecret, otherSecret } from '../state/secret.ts';
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
    const keys = createKeys(config.suppression.key_prefix, environment.RIVULET_SECRET);
    if (!(await isSameSecret(redis, keys))) throw new NotDone(`${otherSecret}. Nothing was done.`);
    return use({ config, stops, memory });
  });
}
