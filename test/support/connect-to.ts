import { createLog } from '../../runtime/log.ts';
import { connectNats, type JetStream } from '../../runtime/nats-connection.ts';

/** JetStream of a test's NATS, without a login: with every right. */
export function connectTo(url: string): Promise<JetStream> {
  return connectNats({ NATS_URL: url }, 'test', createLog('test', 'silent'));
}
