import type { IncomingMessage } from 'node:http';
import { SesError } from './errors.ts';

/** Reads a request's body. @throws SesError RequestEntityTooLargeException beyond `maxBytes`, of which nothing is kept */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read on to the end, but keep nothing: a client that still writes would see a reset instead of the refusal.
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > maxBytes) {
    throw new SesError('RequestEntityTooLargeException', 413, `Request is larger than ${maxBytes} bytes.`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
