import { Client, Connection } from '@temporalio/client';

import { temporalConnectOptions } from '../../runtime/temporal.ts';
import { serverAddress } from '../server-address.ts';
import { ServerAway } from '../wrong-use.ts';
import { hint } from './hint.ts';
import { defaults } from '../run-url.ts';

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
    const where = serverAddress(address, 'TEMPORAL_ADDRESS');
    throw new ServerAway(`Temporal does not answer at ${where}. ${hint} Else set TEMPORAL_ADDRESS.`);
  }
}
