import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';

import type { NatsAccess } from '../config/nats-access.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { eventConsumers, type LaneConsumer } from '../ingress/consumers.ts';
import { expiredUnread } from '../ingress/expired.ts';
import { firstUnprocessed } from '../ingress/oldest-waiting.ts';
import { type JetStream, missingPermission, openNats } from '../runtime/nats-connection.ts';
import { day, expiries } from '../runtime/nats-credentials.ts';
import { natsFor, orMissingPermission } from './connect/nats.ts';
import { isLoopback } from './doctor-feedback.ts';
import { days, type Finding, unlessItFails } from './doctor-finding.ts';

/** The login, its permissions, the streams, and the consumers that ingresses share. */
export function lookAtNats(
  environment: Environment,
  { name, dlq, max_age }: Config['queues']['marketing_events'],
): Promise<Finding[]> {
  const about = 'NATS';
  return unlessItFails(about, async () => {
    const nats = await natsFor(environment);
    const { access, manager, close } = nats;
    try {
      const events = await lookAtStream(manager, name);
      return [
        ...(await lookAtLogin(access, nats)),
        await lookAtPermissions(nats, dlq),
        events,
        ...(events.level === 'ok' ? await lookAtConsumers(manager, name, max_age) : []),
        await lookAtDeadLetters(manager, dlq),
      ];
    } catch (error) {
      throw orMissingPermission(error);
    } finally {
      await close();
    }
  });
}

/** Soon, in ms: a rotation takes somebody a few days. */
const soonMs = 14 * 86_400_000;

async function lookAtLogin(access: NatsAccess, { connection }: JetStream): Promise<Finding[]> {
  const about = 'NATS';
  const servers = access.servers.join(', ');
  const { tls_required, tls_available } = connection.info ?? {};
  const isEncrypted = tls_required === true || tls_available === true; // the client takes what is offered
  const how = access.login.way === 'none' ? 'without credentials' : `with ${access.login.from}`;
  const says = `answers at ${servers}; logs in ${how}, ${isEncrypted ? 'over TLS' : 'without TLS'}`;
  const findings: Finding[] = [{ level: 'ok', about, says }];
  for (const { what, at } of expiries(access)) {
    if (at.getTime() - Date.now() > soonMs) continue;
    findings.push({ level: 'warning', about, says: `${what} expires on ${day(at)}. Renew it before then.` });
  }
  if (access.servers.every((server) => isLoopback(new URL(`nats://${server}`).hostname))) return findings;
  if (await letsInEveryone(access)) {
    const says = `${servers} requires no credentials: anyone who reaches it can publish events, read personal data and delete both. Configure users with the permissions in deploy/nats.`;
    findings.push({ level: 'warning', about, says });
  }
  if (!isEncrypted) {
    const says = `The connection to ${servers} has no TLS: passwords and personal data can be read in transit. Enable TLS on the server, and use tls:// in NATS_URL.`;
    findings.push({ level: 'warning', about, says });
  }
  return findings;
}

/** A server may ask for credentials and let in those without any, as another user. */
async function letsInEveryone(access: NatsAccess): Promise<boolean> {
  try {
    const stranger = { ...access, login: { way: 'none', from: '' } } as const;
    const connection = await openNats(stranger, 'cli', { maxReconnectAttempts: 0 });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

/** Asks for what changes nothing: a message for another stream, which is not stored, and the deletion of a letter that cannot be. */
async function lookAtPermissions({ js, manager }: JetStream, deadLetters: string): Promise<Finding> {
  const about = 'NATS';
  const refused = [
    await refusal(js.publish('marketing.events.rivulet.doctor', '', { expect: { streamName: 'NO_STREAM' } })),
    await refusal(manager.streams.deleteMessage(deadLetters, 0)),
  ];
  if (refused.every((why) => why === undefined)) {
    return { level: 'ok', about, says: 'this user may read, publish events and replay dead letters' };
  }
  const says = `this user has read-only permissions: \`publish\`, \`seed-test\`, \`dead-letters replay\` and \`discard\` need the permissions in deploy/nats/cli-operator.conf`;
  return { level: 'ok', about, says };
}

async function refusal(request: Promise<unknown>): Promise<string | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    return missingPermission(error);
  }
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

/** The oldest event of a lane that waits longer than this is worth a look, in ms. */
const lateAfterMs = 60_000;

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
  if (oldestMs < lateAfterMs) return { level: 'ok', about, says: wait };
  const age =
    oldestMs < maxAgeMs / 2
      ? `${Math.round(oldestMs / 1_000)} s`
      : `${days(oldestMs)}, and NATS deletes it after ${days(maxAgeMs)}`;
  const says = `${wait}. The oldest has waited for ${age}. Start ingresses (npm run ingress); if they run, /readyz of each says what it waits for.`;
  return { level: 'warning', about, says };
}

const missing = (what: string): Finding => ({
  level: 'wrong',
  about: 'stream',
  says: `${what} An ingress creates it at start, unless it runs with --no-provision.`,
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
