import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

import { serverAddress } from '../../runtime/server-address.ts';
import { ServerAway } from '../wrong-use.ts';
import { hint } from './hint.ts';

const defaultServers = 'nats://127.0.0.1:4222';

/** A short-lived connection: it gives up at once, since a person is waiting. */
export async function publishingTo(env: NodeJS.ProcessEnv) {
  const servers = env['NATS_URL'] || defaultServers;
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
    throw new ServerAway(`NATS does not answer at ${serverAddress(servers, 'NATS_URL')}. ${hint} Else set NATS_URL.`);
  }
}
