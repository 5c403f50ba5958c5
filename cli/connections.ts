import { once } from 'node:events';

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Client, Connection } from '@temporalio/client';

import { type Check, loadConfig } from '../config/load.ts';
import { temporalConnectOptions } from '../runtime/temporal.ts';
import { createKeys } from '../state/keys.ts';
import { connectRedis, type Redis } from '../state/redis.ts';
import { createStops, type Stops } from '../state/stops.ts';
import { ServerAway } from './wrong-use.ts';

const defaults = { nats: 'nats://127.0.0.1:4222', temporal: '127.0.0.1:7233', namespace: 'rivulet' };

const hint = 'Is `npm start` running in this folder?';

/** A short-lived connection: it gives up at once, since a person is waiting. */
export async function publishingTo(env: NodeJS.ProcessEnv) {
  const servers = env['NATS_URL'] || defaults.nats;
  try {
    const connection = await connect({
      servers: servers.split(','),
      name: 'rivulet-cli',
      maxReconnectAttempts: 0,
      timeout: 3_000,
    });
    return {
      js: jetstream(connection),
      manager: () => jetstreamManager(connection, { checkAPI: false }),
      close: () => connection.close(),
    };
  } catch {
    throw new ServerAway(`NATS does not answer at ${withoutPassword(servers)}. ${hint} Else set NATS_URL.`);
  }
}

/**
 * The configuration for a command that hashes no address and makes no link: it asks for no RIVULET_SECRET, which an
 * operator's machine need not have.
 */
export function configFor(env: NodeJS.ProcessEnv, check?: Check) {
  return loadConfig({ ...env, RIVULET_SECRET: noSecret }, check);
}

const noSecret = '0'.repeat(64);

/** Redis, with its gates and pauses: their keys need no secret. */
export async function redisFor(env: NodeJS.ProcessEnv) {
  const { config, environment } = configFor(env);
  const { REDIS_URL: url } = environment;
  const redis = connectRedis(url, () => {});
  try {
    await once(redis, 'ready', { signal: AbortSignal.timeout(3_000) });
  } catch (error) {
    redis.disconnect();
    const { name, message } = error as Error;
    const why = name === 'AbortError' ? 'no answer within 3 s' : message;
    throw new ServerAway(`Redis does not answer at ${withoutPassword(url)} (${why}). ${hint} Else set REDIS_URL.`);
  }
  const stops = createStops(redis, createKeys(config.suppression.key_prefix, noSecret));
  return { redis, stops, address: withoutPassword(url), close: () => redis.disconnect() };
}

/** Gates and pauses, for as long as `use` takes. */
export function withStops<T>(env: NodeJS.ProcessEnv, use: (stops: Stops) => Promise<T>): Promise<T> {
  return withRedis(env, ({ stops }) => use(stops));
}

/** Redis, for as long as `use` takes; what it refuses is told in words. */
export async function withRedis<T>(
  env: NodeJS.ProcessEnv,
  use: (found: { redis: Redis; stops: Stops }) => Promise<T>,
): Promise<T> {
  const { redis, stops, close } = await redisFor(env);
  try {
    return await use({ redis, stops });
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'ReplyError') throw error;
    if (!message.includes('READONLY')) throw new ServerAway(`Redis refuses this: ${message}`);
    throw new ServerAway('This Redis is a replica: it takes no writes. Point REDIS_URL at the primary server.');
  } finally {
    close();
  }
}

/** The address of a server as it may be shown: a password stays out of terminals and logs. */
export function withoutPassword(url: string): string {
  return url.replaceAll(/\/\/[^/@,]*@/g, '//');
}

/** Temporal, and the address of a run's page. */
export async function temporalFor(env: NodeJS.ProcessEnv) {
  const address = env['TEMPORAL_ADDRESS'] || defaults.temporal;
  const namespace = env['TEMPORAL_NAMESPACE'] || defaults.namespace;
  try {
    const connection = await Connection.connect({
      ...temporalConnectOptions({ address, namespace }),
      connectTimeout: 3_000,
    });
    return { client: new Client({ connection, namespace }), close: () => connection.close() };
  } catch {
    throw new ServerAway(`Temporal does not answer at ${address}. ${hint} Else set TEMPORAL_ADDRESS.`);
  }
}

/** The page of a run in Temporal UI. The dev server has its UI a thousand ports above its gRPC. */
export function runUrl(env: NodeJS.ProcessEnv, ui: string | undefined, workflowId: string): string {
  const namespace = env['TEMPORAL_NAMESPACE'] || defaults.namespace;
  return `${uiBase(env, ui)}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}

function uiBase(env: NodeJS.ProcessEnv, ui: string | undefined): string {
  if (ui) return new URL(ui).origin;
  const [host = '127.0.0.1', port = '7233'] = (env['TEMPORAL_ADDRESS'] || defaults.temporal).split(':');
  return `http://${host}:${Number(port) + 1_000}`;
}
