import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { credsAuthenticator } from '@nats-io/transport-node';

import { connectClient } from '../../client/index.ts';
import { connectNats } from '../../runtime/nats-connection.ts';
import { subjectOf } from '../../local/ses/publish-feedback.ts';
import { createLog } from '../../runtime/log.ts';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { orderCompleted, person, signedUp } from '../support/events.ts';
import { skippedWithout } from '../support/installed.ts';
import { payloadsOf } from '../support/payloads.ts';
import { securedNats, securedPgBouncer, securedPostgres, securedRedis } from '../support/secured-servers.ts';
import { startSystem, type System } from '../support/system.ts';
import { startTlsProxy } from '../support/tls-proxy.ts';

const reason = skippedWithout('redis-server', 'pgbouncer', 'openssl');
const converter = fileURLToPath(new URL('../support/encrypting-converter.mjs', import.meta.url));
const within = { timeout: 30_000 };

/**
 * Event to email to bounce to suppression, with everything secured at once: NATS with decentralised JWTs and TLS, a Redis Cluster with
 * TLS, client certificates and the ACL user, Postgres `verify-full` through PgBouncer and behind it, Temporal behind mutual TLS, and
 * payloads that Temporal stores encrypted. Each role has the rights that deploy/ gives it.
 */
describe.skipIf(reason !== '')(`secured servers${reason}`, () => {
  const ends: (() => unknown)[] = [];
  let authority: Authority;
  let system: System;
  let natsLog: () => string;
  let temporalClients: () => readonly string[];
  let publish: (event: { event_id: string; event_type: string }) => Promise<unknown>;
  let env: Record<string, string>;
  let ingress: Record<string, string>;

  beforeAll(async () => {
    authority = await createAuthority();
    ends.push(() => authority.remove());
    const [server, client] = await Promise.all([
      authority.issue({ name: 'server', hosts: ['localhost', '127.0.0.1'] }),
      authority.issue({ name: 'rivulet' }),
    ]);
    const [nats, postgres] = await Promise.all([securedNats(authority, server), securedPostgres(authority, server)]);
    ends.push(nats.stop, postgres.stop);
    natsLog = nats.log;
    const feedback = await connectNats(await nats.as('ses-stand-in'), 'ses', createLog('ses', 'silent'));
    ends.push(() => feedback.connection.close());
    const { NATS_URL: servers, NATS_CREDS: creds, NATS_CA: caFile } = await nats.as('producer');
    const producer = await connectClient({
      nats: { servers, tls: { caFile }, authenticator: credsAuthenticator(readFileSync(creds)) },
    });
    ends.push(() => producer.close());
    publish = ({ event_type, ...event }) => producer.publish(event_type as 'order.completed', event as never);
    system = await startSystem(
      { ...inject('servers'), postgres: postgres.url },
      { feed: (event) => feedback.js.publish(subjectOf(event), JSON.stringify(event)) },
    );
    ends.push(() => system.stop());
    const redis = await securedRedis(authority, server, client, system.place.prefix);
    const pooler = await securedPgBouncer(system.place.postgres, authority, server);
    const context = { cert: server.pem.cert, key: server.pem.key, ca: authority.pem };
    const temporal = await startTlsProxy({ target: system.place.temporal, context, clientCertificates: true });
    temporalClients = () => temporal.clients;
    ends.push(redis.stop, pooler.stop, temporal.close);
    env = {
      ...redis.variables,
      ...pooler.variables,
      TEMPORAL_ADDRESS: `localhost:${temporal.port}`,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.ca,
      TEMPORAL_TLS_CLIENT_CERT_PATH: client.certificate,
      TEMPORAL_TLS_CLIENT_KEY_PATH: client.key,
      RIVULET_DATA_CONVERTER: converter,
    };
    ingress = { ...env, ...(await nats.as('ingress')) };
    await Promise.all([system.startIngress(ingress), system.startWorker(env)]);
  }, 180_000);
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  }, 60_000);

  it('an event becomes an email, its bounce a suppression, and the next email does not leave', async () => {
    const ada = { ...person('ada'), email: `bounce+${Date.now()}@simulator.amazonses.com` };
    const first = orderCompleted(ada);
    await publish(first);
    await expect.poll(() => system.ses.mailbox.list({ to: ada.email }).length, within).toBe(1);
    const { store } = system;
    await expect.poll(() => store.suppressions.of(store.addressHash(ada.email)), within).toHaveLength(1);

    const second = signedUp(ada);
    await publish(second);
    await expect
      .poll(async () => (await system.client.workflow.getHandle(second.event_id).describe()).status.name, within)
      .toBe('COMPLETED');
    expect(system.ses.mailbox.list({ to: ada.email })).toHaveLength(1);
    // Of the first run Temporal knows its id and search attributes, and nothing of its payload.
    const stored = payloadsOf(await system.client.workflow.getHandle(first.event_id).fetchHistory());
    expect(JSON.stringify(stored)).not.toContain('order_id');
    expect(new Set(temporalClients())).toEqual(new Set(['rivulet']));
  }, 90_000);

  it('and no role has asked NATS for more than it may', () => {
    expect(
      natsLog()
        .split('\n')
        .filter((line) => line.includes('Permissions Violation')),
    ).toEqual([]);
  });
});
