import { Client } from '@temporalio/client';

import { loadDataConverter } from '../../runtime/data-converter.ts';
import { serverAddress } from '../../runtime/server-address.ts';
import { StartError } from '../../runtime/stop-signal.ts';
import { openConnection } from '../../runtime/temporal.ts';
import { temporalConnectOptions } from '../../runtime/temporal-options.ts';
import { defaults } from '../run-url.ts';
import { ServerAway } from '../wrong-use.ts';
import { hint } from './hint.ts';

/** Connects as Temporal's own variables configure. Throws a ServerAway with the reason if Temporal refuses or does not answer. */
export async function temporalFor(env: NodeJS.ProcessEnv) {
  const address = env['TEMPORAL_ADDRESS'] || defaults.temporal;
  const namespace = env['TEMPORAL_NAMESPACE'] || defaults.namespace;
  const options = temporalConnectOptions({ address }, env);
  const dataConverter = await loadDataConverter(env['RIVULET_DATA_CONVERTER'] || undefined);
  try {
    const connection = await openConnection(options);
    const client = new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
    return { client, isEncrypted: !!options.tls, close: () => connection.close() };
  } catch (error) {
    if (error instanceof StartError) throw new ServerAway(error.message);
    const where = serverAddress(address, 'TEMPORAL_ADDRESS');
    throw new ServerAway(`Temporal does not answer at ${where}. ${hint} Else set TEMPORAL_ADDRESS.`);
  }
}
