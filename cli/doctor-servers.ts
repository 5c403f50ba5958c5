import type { Environment } from '../config/environment.ts';
import { provisionTemporal } from '../runtime/temporal.ts';
import { parseRedisUrl } from '../config/redis-url.ts';
import { isReplica, redisTakesWrites } from '../store/redis/connect.ts';
import { missingPermissions } from '../store/redis/permissions.ts';
import type { RedisServer } from '../store/redis/settings.ts';
import { readTopology, type Topology } from '../store/redis/topology.ts';
import { redisFor } from './connect/redis.ts';
import { temporalFor } from './connect/temporal.ts';
import { isLoopback } from './doctor-feedback.ts';
import { days, type Finding, unlessItFails } from './doctor-finding.ts';
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

/** No personal data is sent to Redis, but the password is; and anyone who can write to it controls how fast email is sent. */
export function judgeRedisTransport({ url }: RedisServer): Finding[] {
  const { tls, nodes } = parseRedisUrl(url);
  if (nodes.every(({ host }) => isLoopback(host))) return [];
  if (tls) return [{ level: 'ok', about: 'Redis', says: 'connects with TLS' }];
  const says =
    'connects without TLS: the password can be read in transit. Use rediss:// in REDIS_URL, and set REDIS_CA.';
  return [{ level: 'warning', about: 'Redis', says }];
}

/** Whether there is a replica to fail over to, and whether Redis evicts keys, all of which expire on their own. */
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
        says: `${says}: if a primary without a replica fails, sending stops until it recovers.`,
      });
    } else findings.push({ level: 'ok', about, says });
  }
  if (evicts !== undefined) {
    const says = `maxmemory-policy is ${evicts}: when its memory is full, Redis evicts the rate limit, and email is sent too fast. Set it to noeviction.`;
    findings.push({ level: 'warning', about, says });
  }
  return findings;
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
        { level: 'ok', about, says: unknown.length === 0 ? `${where}; the search attributes exist` : where },
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
