import { expect, it } from 'vitest';

import { workerConnectOptions } from '../worker/temporal-connection.ts';

it.each([
  ['in the same network', {}, 'none'],
  ['over TLS', { tls: true }, 'gzip'],
  ['with an API key, as in Temporal Cloud', { apiKey: 'a key' }, 'gzip'],
] as const)('a worker whose server is reached %s talks to it as it costs least', (_, options, codec) => {
  const address = 'temporal.example.com:7233';
  expect(workerConnectOptions({ address, ...options })).toEqual({ address, ...options, grpcCompression: { codec } });
});
