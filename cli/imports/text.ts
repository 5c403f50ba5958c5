import { createReadStream } from 'node:fs';

import { NotDone } from '../wrong-use.ts';

/**
 * Reads a text file chunk by chunk, without its byte order mark. UTF-16 is recognized by its mark or its zero bytes, everything
 * else is read as UTF-8: bytes that are neither become U+FFFD, so that they spoil their own field alone. Throws NotDone for a
 * file that cannot be read, is empty or is not text.
 */
export async function* textOf(file: string): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  for await (const bytes of bytesOf(file)) {
    const isFirst = decoder === undefined;
    decoder ??= new TextDecoder(encodingOf(bytes));
    const text = decoder.decode(bytes, { stream: true });
    if (isFirst && isBinary(text))
      throw new NotDone(`${file} is not a text file in UTF-8 or UTF-16. Export the list as CSV.`);
    yield text;
  }
  if (decoder === undefined) throw new NotDone(`${file} is empty.`);
  yield decoder.decode();
}

async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new NotDone(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** As much of a file as tells its encoding, in bytes. */
const sampleSize = 1_024;

function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const sample = bytes.subarray(0, sampleSize);
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2]! += 1;
  const [even = 0, odd = 0] = zeros;
  // Half of the bytes of Western text in UTF-16 are zero, all of them on the same side.
  const most = sample.length / 4;
  if (even === 0 && odd > most) return 'utf-16le';
  return odd === 0 && even > most ? 'utf-16be' : 'utf-8';
}

/** Characters that no list of addresses holds, or more undecodable ones than any list would. */
function isBinary(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  if (/[\u0000-\u0008\u000e-\u001f]/.test(text)) return true;
  return text.split('\uFFFD').length - 1 > text.length / 4;
}
