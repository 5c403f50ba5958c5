import { type JetStreamManager, JetStreamApiError } from '@nats-io/jetstream';

import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { eventConsumers, type LaneConsumer } from '../ingress/consumers.ts';
import { expiredUnread } from '../ingress/expired.ts';
import { firstUnprocessed } from '../ingress/oldest-waiting.ts';
import { provisionTemporal } from '../runtime/temporal.ts';
import { parseRedisUrl } from '../config/redis-url.ts';
import { isReplica, redisTakesWrites } from '../store/redis/connect.ts';
import { missingPermissions } from '../store/redis/permissions.ts';
import type { RedisServer } from '../store/redis/settings.ts';
import { readTopology, type Topology } from '../store/redis/topology.ts';
import { publishingTo } from './connect/nats.ts';
import { redisFor } from './connect/redis.ts';
import { temporalFor } from './connect/temporal.ts';
import { isLoopback } from './doctor-feedback.ts';
import { type Finding, unlessItFails } from './doctor-finding.ts';
import { lookAtWorkers } from './doctor-work.ts';
import { serverAddress } from '../runtime/server-address.ts';

/** Redis: everything in it may be lost, so it only has to answer and take writes. It writes the key that `/readyz` does. */
export function lookAtRedis(env: NodeJS.ProcessEnv, keyPrefix: string): Promise<Finding[]> {
  const about = 'Redis';
  return unlessItFails(about, async () => {
    const { redis, address, server, close } = await redisFor(env);
    try {
      if (await isReplica(redis)) {
        const says = `The Redis at ${address} is a replica: it takes no writes, so nothing can be sent. Point REDIS_URL at the primary server.`;
        return [{ level: 'wrong', about, says }];
      }
      const denied = await missingPermissions(redis, keyPrefix);
      if (denied.length > 0) {
        const says = `The user at ${address} lacks permissions: ${denied.join(', ')}. It needs what deploy/redis/users.acl lists, on ${keyPrefix}*.`;
        return [{ level: 'wrong', about, says }];
      }
      const refusal = await redisTakesWrites(redis, keyPrefix).catch((error: unknown) => error as Error);
      if (refusal) {
        const says = `The Redis at ${address} takes no writes (${refusal.message.split(' ')[0]}), so nothing can be sent. Give it memory, or let its user write to ${keyPrefix}*.`;
        return [{ level: 'wrong', about, says }];
      }
      return [
        { level: 'ok', about, says: `answers at ${address}` },
        ...judgeRedisTransport(server),
        ...judgeTopology(await readTopology(redis, server)),
      ];
    } finally {
      close();
    }
  });
}

/** Nothing personal is sent to Redis, but the password is; and whoever can write to it decides how fast email is sent. */
export function judgeRedisTransport({ url }: RedisServer): Finding[] {
  const { tls, nodes } = parseRedisUrl(url);
  if (nodes.every(({ host }) => isLoopback(host))) return [];
  if (tls) return [{ level: 'ok', about: 'Redis', says: 'connects with TLS' }];
  const says =
    'connects without TLS: the password can be read on the way. Write rediss:// in REDIS_URL, and set REDIS_CA.';
  return [{ level: 'warning', about: 'Redis', says }];
}

/** Whether a failover has somewhere to go, and whether Redis evicts keys: each of them ends by itself. */
export function judgeTopology({ kind, primaries, replicas, state, evicts }: Topology): Finding[] {
  const about = 'Redis';
  const findings: Finding[] = [];
  if (kind !== 'server') {
    const what = kind === 'cluster' ? `a Cluster of ${primaries} primaries` : 'the primary of Sentinels';
    const says = `${what} with ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
    if (state !== 'ok') {
      findings.push({
        level: 'wrong',
        about,
        says: `${says}; its state is ${state}: not all slots are served, and nothing can be sent until they are. redis-cli cluster nodes shows which.`,
      });
    } else if (replicas < primaries) {
      findings.push({
        level: 'warning',
        about,
        says: `${says}: where a primary without a replica fails, sending stops until it is back.`,
      });
    } else findings.push({ level: 'ok', about, says });
  }
  if (evicts !== undefined) {
    const says = `maxmemory-policy is ${evicts}: under pressure Redis forgets the rate limit and email is sent too fast. Set it to noeviction.`;
    findings.push({ level: 'warning', about, says });
  }
  return findings;
}

/** The streams, and the consumer that ingresses share. */
export function lookAtNats(
  { NATS_URL }: Environment,
  { name, dlq, max_age }: Config['queues']['marketing_events'],
): Promise<Finding[]> {
  const about = 'NATS';
  return unlessItFails(about, async () => {
    const { manager, close } = await publishingTo({ NATS_URL });
    try {
      const jetstream = await manager();
      const events = await lookAtStream(jetstream, name);
      return [
        { level: 'ok', about, says: `answers at ${serverAddress(NATS_URL, 'NATS_URL')}` },
        events,
        ...(events.level === 'ok' ? await lookAtConsumers(jetstream, name, max_age) : []),
        await lookAtDeadLetters(jetstream, dlq),
      ];
    } finally {
      await close();
    }
  });
}

async function lookAtStream(manager: JetStreamManager, name: string): Promise<Finding> {
  const says = await unlessMissing(async () => `${name} holds ${(await manager.streams.info(name)).state.messages}`);
  return says === undefined ? missing(`There is no stream ${name}.`) : { level: 'ok', about: 'stream', says };
}

async function lookAtDeadLetters(manager: JetStreamManager, name: string): Promise<Finding> {
  const found = await unlessMissing(() => manager.streams.info(name));
  if (found === undefined) return missing(`There is no stream ${name}.`);
  const { messages } = found.state;
  if (messages === 0) return { level: 'ok', about: 'dead letters', says: `${name} is empty` };
  const says = `${name} holds ${messages}: events that were not processed. rivulet dead-letters list shows why; once the cause is fixed, rivulet dead-letters replay publishes them again.`;
  return { level: 'warning', about: 'dead letters', says };
}

async function lookAtConsumers(manager: JetStreamManager, stream: string, maxAgeMs: number): Promise<Finding[]> {
  const consumers = await Promise.all(eventConsumers().map((each) => lookAtConsumer(manager, stream, each, maxAgeMs)));
  if (consumers.some(({ level }) => level === 'wrong')) return consumers;
  const { messages } = await expiredUnread(manager, stream);
  if (messages === 0) return consumers;
  const says = `${messages} ${messages === 1 ? 'message has' : 'messages have'} been deleted from ${stream} before an ingress read them: they exceeded max_age (${days(maxAgeMs)}), or the stream was purged. Publish them again; events that were already processed are deduplicated.`;
  return [...consumers, { level: 'wrong', about: 'expired', says }];
}

async function lookAtConsumer(
  manager: JetStreamManager,
  stream: string,
  { name, subjects }: LaneConsumer,
  maxAgeMs: number,
): Promise<Finding> {
  const about = 'consumer';
  const info = await unlessMissing(() => manager.consumers.info(stream, name));
  if (info === undefined) return missing(`The stream ${stream} has no consumer "${name}".`);
  const wait = `"${name}": ${info.num_pending} events wait, ${info.num_ack_pending} are being processed`;
  const first = await firstUnprocessed(manager, info, subjects);
  const oldestMs = Date.now() - Math.min(Date.now(), ...first.map(({ time }) => time.getTime()));
  if (oldestMs < maxAgeMs / 2) return { level: 'ok', about, says: wait };
  const says = `${wait}. The oldest has waited for ${days(oldestMs)}, and NATS deletes it after ${days(maxAgeMs)}. Start ingresses (npm run ingress); if they run, /readyz of each says what it waits for.`;
  return { level: 'warning', about, says };
}

const missing = (what: string): Finding => ({
  level: 'wrong',
  about: 'stream',
  says: `${what} An ingress makes it at its start, unless it runs with --no-provision.`,
});

/** JetStream's "stream not found" (10059) and "consumer not found" (10014). */
async function unlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof JetStreamApiError && [10059, 10014].includes(error.code)) return undefined;
    throw error;
  }
}

/** How it is reached, the namespace with its retention, and the search attributes. What may not be asked is a warning. */
export function lookAtTemporal(env: NodeJS.ProcessEnv, environment: Environment, maxAgeMs: number): Promise<Finding[]> {
  const { TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: namespace } = environment;
  const about = 'Temporal';
  return unlessItFails(about, async () => {
    const named = { ...env, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: namespace };
    const { client, isEncrypted, close } = await temporalFor(named);
    try {
      const { retentionMs, unknown } = await client.withDeadline(Date.now() + 10_000, () =>
        provisionTemporal(client, namespace, false),
      );
      const where = `answers at ${serverAddress(TEMPORAL_ADDRESS, 'TEMPORAL_ADDRESS')}${isEncrypted ? ' with TLS' : ''}`;
      return [
        { level: 'ok', about, says: unknown.length === 0 ? `${where}; the search attributes are there` : where },
        ...unknown.map((says): Finding => ({ level: 'warning', about, says })),
        ...(isEncrypted || isLoopback(hostOf(TEMPORAL_ADDRESS)) ? [] : [unencrypted]),
        ...(retentionMs === undefined ? [] : [retentionFinding(retentionMs, maxAgeMs, namespace)]),
        ...(await unlessItFails('workers', () => lookAtWorkers(client, namespace))),
      ];
    } finally {
      await close();
    }
  });
}

const unencrypted: Finding = {
  level: 'warning',
  about: 'Temporal',
  says: "The connection is not encrypted. Set TEMPORAL_TLS=true, or Temporal's variables for mutual TLS.",
};

function hostOf(address: string): string {
  return new URL(`tcp://${address}`).hostname;
}

function retentionFinding(retentionMs: number, maxAgeMs: number, namespace: string): Finding {
  const about = 'Temporal';
  const kept = `the namespace "${namespace}" keeps runs for ${days(retentionMs)}`;
  if (maxAgeMs < retentionMs) return { level: 'ok', about, says: `${kept}, events stay for ${days(maxAgeMs)}` };
  return {
    level: 'wrong',
    about,
    says: `${kept}, but events stay for ${days(maxAgeMs)}: one that outlives its run could mail twice. Raise the retention, or lower queues.marketing_events.max_age.`,
  };
}

const days = (ms: number) => `${Math.round((ms / 86_400_000) * 100) / 100} days`;
