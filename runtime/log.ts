import { pino, type DestinationStream, type Logger } from 'pino';

import { cut, withoutAddresses } from '../config/scrub.ts';

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
    hooks: { streamWrite: cleanLine },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Of an error only what it says and where it was thrown: clients hang whole requests on theirs. */
function facts(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name: type, message, stack, cause } = error;
  return { type, message, ...(cause instanceof Error && { cause: cause.message }), ...(stack && { stack }) };
}

/** The finished line, so that it does not matter by which way a text came. Most lines are short, have no address, and are not read again. */
function cleanLine(line: string): string {
  if (line.length <= longestField && !/[@\uff20\ufe6b]|%40/.test(line)) return line;
  return `${JSON.stringify(clean(JSON.parse(line)))}\n`;
}

/** In characters. A text is cut before it is searched. */
const longestField = 2_048;
const mostEntries = 100;

/** In JSON an address may touch an escape: only the strings themselves can be searched. */
function clean(value: unknown): unknown {
  if (typeof value === 'string') return withoutAddresses(cut(value, longestField));
  if (Array.isArray(value)) return value.slice(0, mostEntries).map(clean);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).slice(0, mostEntries);
  return Object.fromEntries(fields.map(([key, inner]) => [clean(key), clean(inner)]));
}
