import type { NatsVariables } from '../../config/nats-access.ts';
import { missingPermission, natsAccess, openJetStream, openNats } from '../../runtime/nats-connection.ts';
import { ServerAway, ServerRefuses } from '../wrong-use.ts';
import { hint } from './hint.ts';

/** A short-lived connection that does not retry, since a user is waiting. */
export async function natsFor(env: NatsVariables) {
  const access = natsAccess(env);
  try {
    const connection = await openNats(access, 'cli', { maxReconnectAttempts: 0 });
    const { js, manager } = await openJetStream(connection, access);
    return { access, connection, js, manager, close: () => connection.close() };
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'StartError') throw new ServerRefuses(message);
    throw new ServerAway(`${message} ${hint} Else set NATS_URL.`);
  }
}

/** Returns a one-line error for a missing NATS permission; any other error unchanged. */
export function orMissingPermission(error: unknown): unknown {
  const missing = missingPermission(error);
  return missing === undefined ? error : new ServerRefuses(missing);
}
