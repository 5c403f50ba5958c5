import { z } from 'zod';

import { idPattern } from './envelope.ts';

/**
 * What a field classed `public` may hold, since it enters Temporal histories and logs, where it cannot be erased: ids, and
 * short text without an address in any of the spellings in which one travels (`%40`, a fullwidth at, an encoded word).
 */
export function isPublicText(text: string): boolean {
  return idPattern.test(text) || (text.length <= maxPublicText && !addressLike.test(text));
}

/** In characters. */
export const maxPublicText = 64;

// oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused here
const addressLike = /[@\uff20\ufe6b\u0000-\u001f\u007f]|%40|=40|=\?|&#|&commat/i;

/** The same for JSON Schema, whose patterns have no flags. */
export const addressLikePattern = addressLike.source.replace('commat', '[cC][oO][mM][mM][aA][tT]');

export const publicTextRule = `must be at most ${maxPublicText} characters without an address (no @ in any spelling)`;

/** Short text for a field that is classed `public`, such as the name of a plan. */
export const publicText = z
  .string()
  .min(1)
  .max(maxPublicText, { abort: true })
  .refine(isPublicText, {
    error: publicTextRule,
  })
  .meta({ not: { pattern: addressLikePattern } });

/** The producer's id of something, such as an order. */
export const publicId = z
  .string()
  .regex(idPattern, {
    error: 'must be 1 to 128 characters of A-Z a-z 0-9 _ . : - (an address is never an id)',
  })
  .meta({ description: 'Your id of it: never an address.' });

/** A single word, such as `checkout` or `eu-central-1`: room for a name of a system, not for a sentence. */
export function isWord(text: string): boolean {
  return /^[A-Za-z0-9_.:/-]{1,64}$/.test(text);
}

/** The metadata that enters Temporal. Everything else stays in Postgres, with the personal fields. */
export const publicMetadata: readonly string[] = ['source', 'region'];
