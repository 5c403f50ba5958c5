import { z } from 'zod';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration in the configuration: a number with its unit, such as "8s" or "3m". Becomes milliseconds. */
export const duration = z
  .string({ error: 'must be a duration in quotes such as "8s" or "3m"' })
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, {
    error: 'must be a duration such as "500ms", "8s", "3m", "24h" or "30d"',
    abort: true, // else it would be compared with other durations, as NaN, for a second mistake that is none
  })
  .transform((text) => {
    const [, amount, unit] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
    return Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]);
  });
