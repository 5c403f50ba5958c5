import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Client, Connection } from '@temporalio/client';

import { temporalConnectOptions } from '../runtime/temporal.ts';
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
    return { js: jetstream(connection), close: () => connection.close() };
  } catch {
    throw new ServerAway(`NATS does not answer at ${servers}. ${hint} Else set NATS_URL.`);
  }
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
