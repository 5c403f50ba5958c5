import { pino, type DestinationStream, type Logger } from 'pino';

import { withoutAddresses } from '../config/scrub.ts';

export type { Logger } from 'pino';

/** Fields with what is known of people: nobody should log them, and whoever does shows nothing. */
const personal = ['email', 'to', 'contact', 'person', 'payload', 'consent'];

/**
 * JSON lines on stdout: a constant message, facts as fields, no address anywhere. The scrubbing is a second net: what is
 * logged names people by user_id only, but libraries quote addresses in their errors.
 */
export function createLog(name: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    name,
    level,
    base: { name, pid: process.pid },
    redact: { paths: [...personal, ...personal.map((field) => `*.${field}`)], censor: '[redacted]' },
    serializers: { err: facts },
    hooks: { streamWrite: withoutAddressesInLine },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Of an error only what it says and where it was thrown: clients hang whole requests on theirs. */
function facts(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name: type, message, stack, cause } = error;
  return { type, message, ...(cause instanceof Error && { cause: cause.message }), ...(stack && { stack }) };
}

/** The finished line, so that it does not matter by which way an address came. Most lines have none and are not read again. */
function withoutAddressesInLine(line: string): string {
  if (!/@|%40/.test(line)) return line;
  return `${JSON.stringify(scrub(JSON.parse(line)))}\n`;
}

/** In JSON an address may touch an escape: only the strings themselves can be searched. */
function scrub(value: unknown): unknown {
  if (typeof value === 'string') return withoutAddresses(value.replaceAll(encodedAddress, '[address]'));
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [scrub(key), scrub(inner)]));
}

/** As it stands in a link. */
const encodedAddress = /[\w.+-]+%40[\w.-]+/gi;
