/**
 * The headers in a block as NATS transports it, or undefined if any part of it is not what a client accepts: NATS stores whatever
 * bytes it is sent. Values may repeat. Never throws.
 */
export function readHeaderBlock(bytes: Uint8Array): [name: string, value: string][] | undefined {
  if (bytes.byteLength === 0) return [];
  const text = decode(bytes);
  if (text === undefined || !/^NATS\/1\.0[^\r\n]*\r\n/.test(text) || !text.endsWith('\r\n\r\n')) return undefined;
  const lines = text.slice(0, -4).split('\r\n').slice(1);
  const found: [string, string][] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (colon < 1 || !/^[\x21-\x39\x3b-\x7e]+$/.test(name) || !/^[^\0\r\n]*$/.test(value)) return undefined;
    found.push([name, value]);
  }
  return found;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
