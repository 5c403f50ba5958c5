import { pino, type Logger } from 'pino';

import { withoutAddresses } from '../config/scrub.ts';

export type { Logger } from 'pino';

/**
 * JSON lines on stdout: a constant message, facts as fields, no address anywhere. The scrubbing is a second net: what is
 * logged names people by user_id only, but libraries quote addresses in their errors.
 */
export function createLog(name: string, level: string): Logger {
  return pino({
    name,
    level,
    base: { name, pid: process.pid },
    redact: { paths: ['email', 'to', 'contact', '*.email', '*.to', '*.contact'], censor: '[redacted]' },
    serializers: {
      err: (error: unknown) => {
        if (!(error instanceof Error)) return withoutAddresses(String(error));
        const { name: type, message, stack, cause } = error;
        return {
          type,
          message: withoutAddresses(message),
          ...(cause instanceof Error && { cause: withoutAddresses(cause.message) }),
          ...(stack && { stack: withoutAddresses(stack) }),
        };
      },
    },
    formatters: {
      log: (fields) =>
        Object.fromEntries(
          Object.entries(fields).map(([key, value]) => [
            key,
            typeof value === 'string' ? withoutAddresses(value) : value,
          ]),
        ),
    },
    hooks: {
      logMethod(args, method) {
        method.apply(this, args.map((arg) => (typeof arg === 'string' ? withoutAddresses(arg) : arg)) as typeof args);
      },
    },
  });
}
