import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';

import { temporalConnectOptions, type TemporalSettings } from '../runtime/temporal-options.ts';

/** A connection for workers, with the certificates and keys that are on disk now. */
export function connectWorker(settings: TemporalSettings): Promise<NativeConnection> {
  return NativeConnection.connect(workerConnectOptions(temporalConnectOptions(settings)));
}

/**
 * gzip, the SDK's default, costs worker and server more CPU than anything they say to each other within a network. Where TLS
 * says that they are not in one, as with Temporal Cloud, bytes cost more.
 */
export function workerConnectOptions(options: NativeConnectionOptions): NativeConnectionOptions {
  return { ...options, grpcCompression: { codec: options.tls || options.apiKey ? 'gzip' : 'none' } };
}
