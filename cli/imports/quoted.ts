/** Quotes text that others wrote, at most 80 characters, for a terminal that must not act on it. */
export function quoted(text: string): string {
  return `"${text.slice(0, 80).replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?')}"`;
}
